"""At which addresses do people read and write to one another?"""

from django.urls import path

from kalanso.hub.people.views import discussion

urlpatterns = [
    path("discussion/<str:object_type>/<str:object_id>/", discussion.discussion, name="discussion"),
    path("discussion/<str:object_type>/<str:object_id>/ecrire/", discussion.write, name="write_comment"),
    path("discussion/<str:object_type>/<str:object_id>/suivre/", discussion.follow, name="follow"),
    path("commentaires/<uuid:key>/modifier/", discussion.change, name="change_comment"),
    path("commentaires/<uuid:key>/retirer/", discussion.withdraw, name="withdraw_comment"),
    path("commentaires/<uuid:key>/photo/", discussion.photo, name="comment_photo"),
]
