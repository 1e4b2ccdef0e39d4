"""The account the servers run as: the caller's own, or `nobody` when the caller is root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from workflow.engines.errors import EnginesError


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who the servers run as; no ids means: as the caller. PostgreSQL refuses to run as root."""

    uid: int | None = None
    gid: int | None = None

    @property
    def extra_groups(self) -> list[int] | None:
        return None if self.uid is None else []

    def take(self, path: Path) -> None:
        """Make this account the owner of one path."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def reaches(self, folder: Path) -> bool:
        """Tell whether this account can enter a folder, by trying it: modes alone do not tell the whole story."""
        try:
            tried = subprocess.run(  # noqa: S603 - the folder is an argument, not shell text
                ["/bin/sh", "-c", 'cd "$1"', "sh", folder],
                cwd="/",
                check=False,
                stderr=subprocess.DEVNULL,
                user=self.uid,
                group=self.gid,
                extra_groups=self.extra_groups,
            )
        except PermissionError:
            raise EnginesError(
                "PostgreSQL refuses to run as root, and this root may not switch to the account nobody: "
                "run as an ordinary account."
            ) from None
        return tried.returncode == 0


def server_account() -> Account:
    if os.geteuid() != 0:
        return Account()
    nobody = pwd.getpwnam("nobody")
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid)
