"""How does any published table become a page, a figure, a map and a download?"""
