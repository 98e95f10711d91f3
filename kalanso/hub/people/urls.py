"""At which addresses do the pages about people, and what they say, stand?"""

from django.urls import path

from kalanso.hub.people.views import discussion, invitations, notices, persons, trail

urlpatterns = [
    path("personnes/", persons.people, name="people"),
    path("personnes/inviter/", invitations.invite, name="invite"),
    path("personnes/invitations/", invitations.invitations, name="invitations"),
    path("personnes/invitations/<int:pk>/retirer/", invitations.withdraw, name="withdraw_invitation"),
    path("personnes/roles/<int:pk>/finir/", persons.end_role, name="end_role"),
    path("personnes/<int:pk>/", persons.person, name="person"),
    path("personnes/<int:pk>/role/", persons.give_role, name="give_role"),
    path("personnes/<int:pk>/mot-de-passe/", persons.reset_password, name="reset_password"),
    path("personnes/<int:pk>/compte/", persons.close_account, name="close_account"),
    path("personnes/<int:pk>/double-verification/", persons.reset_second_proof, name="reset_second_proof"),
    path("invitation/<str:secret>/", invitations.invitation, name="invitation"),
    path("organisations/", persons.organisations, name="organisations"),
    path("organisations/ajouter/", persons.add_organisation, name="add_organisation"),
    path("traces/", trail.trail, name="trail"),
    path("traces/lieu/<str:code>/", trail.trail_of_place, name="trail_of_place"),
    path("traces/personne/<int:pk>/", trail.trail_of_person, name="trail_of_person"),
    path("traces/organisation/<slug:code>/", trail.trail_of_organisation, name="trail_of_organisation"),
    path("traces/<str:object_type>/<str:object_id>/", trail.trail_of_object, name="trail_of_object"),
    path("notifications/", notices.notices, name="notices"),
    path("notifications/lues/", notices.read_all, name="read_all"),
    path("notifications/<int:pk>/", notices.open_notice, name="open_notice"),
    path("moi/preferences/", notices.preferences, name="preferences"),
    path("moi/flux/renouveler/", notices.renew_feed, name="renew_feed"),
    path("lettre/arreter/<str:secret>/", notices.unsubscribe, name="unsubscribe"),
    path("discussion/<str:object_type>/<str:object_id>/", discussion.discussion, name="discussion"),
    path("discussion/<str:object_type>/<str:object_id>/ecrire/", discussion.write, name="write_comment"),
    path("discussion/<str:object_type>/<str:object_id>/suivre/", discussion.follow, name="follow"),
    path("commentaires/<uuid:key>/modifier/", discussion.change, name="change_comment"),
    path("commentaires/<uuid:key>/retirer/", discussion.withdraw, name="withdraw_comment"),
    path("commentaires/<uuid:key>/photo/", discussion.photo, name="comment_photo"),
]
