"""A desk whose database is never asked, for what only describes the application."""

from workflow.service.act import Desk
from workflow.store.bell import Bell
from workflow.store.session import Store, engine
from workflow.store.vault import Vault


def nowhere() -> Desk:
    return Desk(Store(engine=engine("postgresql://nobody@localhost/nowhere"), vault=Vault(bytes(32))), Bell(""))
