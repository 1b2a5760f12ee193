"""Pages."""

from django.shortcuts import render

from members.models import Member


def index(request):
    return render(request, "members/index.html", {"members": Member.objects.order_by("name")})
