"""Addresses of committee packs; ``shared`` is for recipients, who have no account."""

from django.urls import path

from committee import views

app_name = "committee"
urlpatterns = [
    path("committee/", views.pack_list, name="packs"),
    path("committee/new/", views.new_pack, name="new-pack"),
    path("committee/<int:pk>/", views.pack, name="pack"),
    path("committee/<int:pk>/release/", views.release, name="release"),
    path("committee/<int:pk>/share/", views.share, name="share"),
    path("committee/files/<int:pk>/", views.download, name="download"),
    path("committee/shares/<int:pk>/revoke/", views.revoke, name="revoke"),
    path("committee/shared/<str:ticket>/", views.shared, name="shared"),
]
