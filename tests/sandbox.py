"""A process as a container would have it: it can write to an empty /tmp alone, and may nothing that only root may.

command --unshare--> a view of the machine that is read-only --setpriv--> no capability, nobody's user where that can be
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

USER = 10001
# Every mount, since a read-only root says nothing of those within it; /proc and /dev stay as they are.
READ_ONLY = """
set -eu
for at in $(awk '{print $5}' /proc/self/mountinfo); do
  case "$at" in /proc|/proc/*|/dev|/dev/pts|/sys/*) ;; *) mount -o remount,bind,ro "$at" ;; esac
done
mount --bind "$1" /mnt
mount -t tmpfs tmpfs /tmp
case "$1" in  # the packages of these tests lie under /tmp: they are put back
  /tmp/*) mkdir -p "$1" && mount --bind /mnt "$1" && mount -o remount,bind,ro "$1" ;;
esac
umount /mnt
if touch "$2/written" 2>/dev/null; then echo "$2 can be written" >&2; exit 99; fi
shift 2
exec "$@"
"""


def unavailable() -> str | None:
    """Why this machine can't do it; None where it can."""
    if not all(map(shutil.which, ("unshare", "setpriv"))):
        return "no unshare or setpriv (util-linux)"
    tried = subprocess.run([*_unshared(), "true"], capture_output=True, text=True, check=False, timeout=20)
    return tried.stderr.strip() or None


def sandboxed(command: Sequence[str], root: Path) -> list[str]:
    """The command, in a view where everything but /tmp is read-only, `root` too, and without root's rights."""
    shell = ["sh", "-c", READ_ONLY, "sh", sys.prefix, str(root)]
    less = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    if os.geteuid() == 0 and _anybody_reads(root):
        less += [f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    return [*_unshared(), *shell, *less, *command]


def _unshared() -> list[str]:
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


def _anybody_reads(root: Path) -> bool:
    """Whether another user gets at the interpreter and its packages."""
    needed = [Path(sys.executable).resolve(), root, *(Path(entry) for entry in sys.path if "site-packages" in entry)]
    folders = {folder for path in needed for folder in path.resolve().parents}
    return all(folder.stat().st_mode & 0o001 for folder in folders)
