"""Signing in at an OpenID Connect provider: there and back. providers.py says which; adapters.py says who comes in."""

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponse
from requests import RequestException

from involvement.http import render_page

NONSENSE = (RequestException, ValueError, KeyError, TypeError)  # a provider that does not answer, or not as it should


class VerifyingAdapter(OpenIDConnectOAuth2Adapter):
    """Believes an identity token by its signature, and what the provider adds to it only about the same person."""

    def complete_login(self, request, app, token, **kwargs):
        """Return who came. Raises OAuth2Error where there is no identity token, or the two answers name two people."""
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("no identity token")
        login = super().complete_login(request, app, token, **kwargs)
        said = login.account.extra_data
        if said.get("userinfo", said["id_token"]).get("sub") != said["id_token"]["sub"]:
            raise OAuth2Error("the identity token and the user's data differ")
        return login

    def _decode_id_token(self, app, id_token):
        self.did_fetch_access_token = False  # the library would spare the signature of what came over TLS
        return super()._decode_id_token(app, id_token)

    @classmethod
    def answer(cls, request: HttpRequest, provider_id: str) -> HttpResponse:
        """Answer somebody who comes back from the provider. Raises Http404 for one that the settings do not name."""
        try:
            return OAuth2CallbackView.adapter_view(cls(request, provider_id))(request)
        except SocialApp.DoesNotExist as missing:
            raise Http404 from missing
        except NONSENSE:
            return _failed(request, cls(request, provider_id).get_provider())


def leave_for(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Show a page that goes on to the provider's own. Raises Http404 for one that the settings do not name.

    It is a page and no redirect, since ours lets forms lead to ourselves only (form-action), and browsers hold a
    redirect after a form to that. Nothing of the address is handed on but where to go afterwards.
    """
    adapter = VerifyingAdapter(request, provider_id)
    try:
        provider = adapter.get_provider()
    except SocialApp.DoesNotExist as missing:
        raise Http404 from missing
    provider.oauth2_adapter_class = VerifyingAdapter
    try:
        answer = provider.redirect(request, AuthProcess.LOGIN, next_url=get_next_redirect_url(request))
    except NONSENSE:
        return _failed(request, provider)
    if answer.status_code != 302:
        return answer
    context = {"provider": provider, "redirect_to": answer["Location"]}
    return render_page(request, "socialaccount/login_redirect.html", context)


def _failed(request: HttpRequest, provider) -> HttpResponse:
    context = {"provider": provider}
    return render_page(request, "socialaccount/authentication_error.html", context, status=502)
