"""公示、公开与通报 · what is made public, where, when, for how long and about what."""

from __future__ import annotations

from collections.abc import Sequence

from gongzhi import CodeList, DemoData, Permission, Plugin, PluginSettings, hookimpl
from gongzhi_publication.settings import CATEGORIES, CHANNELS, PublicationSettings

_READERS = (
    "DISTRICT_ORG_DEPT_ADMIN",
    "DISTRICT_SOCIETY_WORK_ADMIN",
    "SUBDISTRICT_STAFF",
    "COMMUNITY_SECRETARY",
    "BRANCH_SECRETARY",
    "BRANCH_COMMITTEE_MEMBER",
    "AUDITOR",
    "INTEGRATION",
)


_MANAGERS = (
    "DISTRICT_ORG_DEPT_ADMIN",
    "DISTRICT_SOCIETY_WORK_ADMIN",
    "SUBDISTRICT_STAFF",
    "COMMUNITY_SECRETARY",
    "BRANCH_SECRETARY",
)


class Publication(Plugin):
    """公示公开 · publication."""

    name = "publication"
    title = "公示公开 · publication"
    version = "0.1.0"
    api = 1
    models = ("gongzhi_publication.models",)
    migrations = "gongzhi_publication.migrations"

    @hookimpl
    def register_graphql(self) -> Sequence[type]:
        """Return the types and what is added to ``Organization``, ``Query`` and ``Mutation``."""
        from gongzhi_publication.api import GRAPHQL

        return GRAPHQL

    @hookimpl
    def register_permissions(self) -> Sequence[Permission]:
        """Return the permissions; to read what is published needs none."""
        return (
            Permission(
                "publication.publication.read",
                "查看公示（含未公示和已撤下的）",
                "read publications, also those not yet published and those withdrawn",
                _READERS,
            ),
            Permission(
                "publication.publication.manage",
                "起草、公示和撤下",
                "draft, publish and withdraw",
                _MANAGERS,
            ),
        )

    @hookimpl
    def register_settings(self) -> type[PluginSettings]:
        """Return the model of the settings."""
        return PublicationSettings

    @hookimpl
    def register_code_lists(self) -> Sequence[CodeList]:
        """Return the categories and the channels."""
        return (CATEGORIES, CHANNELS)

    @hookimpl
    def register_demo_data(self) -> Sequence[DemoData]:
        """Return invented publications of the demo's organizations."""
        from gongzhi_publication.demo import DEMO

        return DEMO


plugin = Publication()
