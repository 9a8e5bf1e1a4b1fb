"""Fetch what pages and reports take from npm into assets/, once for each state of package-lock.json.

``python assets.py`` (dev.py calls it). The lock file pins every package by its hash, npm checks it, and nothing that a
package brings is run. The result, made aside and renamed into place when whole:

    assets/nhsuk/       served as static files under nhsuk/
    assets/fonts/       the typefaces of reports (Arimo, and Noto for other signs), with their licences; never served
    assets/fixtures/    the official examples of each component, for the tests of our templates; never served
    assets/axe.min.js   for the browser tests; never served
    assets/.stamp       the hash that this state was made from

npm is the machine's own where one runs, else a throw-away Node from PyPI in a temporary folder.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TARGET = ROOT / "assets"
NODE = ROOT / "requirements-node.lock"
FONTS = {  # package -> the cuts that reports use
    "arimo": ("400Regular/Arimo_400Regular.ttf", "700Bold/Arimo_700Bold.ttf"),
    "noto-sans-symbols-2": ("400Regular/NotoSansSymbols2_400Regular.ttf",),
    "noto-sans-arabic": ("400Regular/NotoSansArabic_400Regular.ttf", "700Bold/NotoSansArabic_700Bold.ttf"),
}
# Families of classes that no page of ours names (tests/guards/test_code.py): a third of the style sheet, compressed.
UNUSED = re.compile(
    r"nhsuk-(?:action-link|breadcrumb|button-group|card|code|do-dont-list|expander|hero|image|search-input|table-responsive"
    r"|tabs|task-list|warning-callout|width-container-fluid|u-(?:display|float|font-size|margin-[1-9]|margin-right"
    r"|nowrap|one|padding|static|text|three|two))(?![a-z0-9])"
)


def stamp() -> str:
    """Return the hash of everything that decides what lies in assets/."""
    made_from = (ROOT / "package-lock.json", Path(__file__))
    return hashlib.sha256(b"".join(path.read_bytes() for path in made_from)).hexdigest()


def is_fetched() -> bool:
    """Return whether assets/ is there and made from this very lock file."""
    mark = TARGET / ".stamp"
    return mark.is_file() and mark.read_text() == stamp()


def npm_of_the_machine() -> list[str] | None:
    """Return the command of an npm that runs (7 or newer, for the lock file's format), or None."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    try:
        answer = subprocess.run([npm, "--version"], capture_output=True, text=True, timeout=60)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    major = answer.stdout.strip().partition(".")[0]
    return [npm] if answer.returncode == 0 and major.isdigit() and int(major) >= 7 else None


def npm_thrown_away_afterwards(folder: Path) -> list[str]:
    """Install Node from PyPI into ``folder`` and return the command of its npm."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:"]
    subprocess.run([*pip, "--target", str(folder), "-r", str(NODE)], check=True, stdout=sys.stderr)  # noqa: S603
    return [str(next(folder.rglob("bin/node"))), str(next(folder.rglob("npm/bin/npm-cli.js")))]


def stylesheet(text: str) -> str:
    """Return the stylesheet with nothing that points off this site or at a file that is not there.

    Rules of classes that no page names are left out. Its pictures are addressed from the site's root: made relative.
    Its typeface is on another host and licensed only to NHS organisations: dropped, the next in the list (Arial) is
    used. Source maps are not served.
    """
    text = re.sub(r"@font-face\s*\{[^}]*https?://[^}]*\}", "", text)
    text = text.replace("url(/assets/", "url(")
    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", text)
    left = re.findall(r"url\((?!data:)(?:/|https?:)[^)]*\)", text)
    if left:
        raise SystemExit(f"assets.py: the stylesheet still points elsewhere: {', '.join(left[:3])}")
    return without_unused(text)


def without_unused(text: str) -> str:
    """Return rules, or what stands in ``@media``, without the selectors that name a class of ``UNUSED``."""
    made, at = [], 0
    while (opening := text.find("{", at)) >= 0:
        closing, depth = opening + 1, 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[closing], 0)
            closing += 1
        before, semicolon, head = text[at:opening].rpartition(";")  # @charset stands before the first rule
        body, at = text[opening + 1 : closing - 1], closing
        if head.startswith(("@media", "@supports")):
            body = without_unused(body)
        elif not head.startswith("@"):
            selectors = re.split(r",(?![^()]*\))", head)
            head = ",".join(each for each in selectors if not UNUSED.search(re.sub(r":not\([^)]*\)", "", each)))
        made.append(before + semicolon + (f"{head}{{{body}}}" if head and body else ""))
    return "".join(made) + text[at:]


def put_in_order(modules: Path, made: Path) -> None:
    """Copy what is used out of the installed ``modules`` into the folder ``made``."""
    nhsuk = modules / "nhsuk-frontend" / "dist" / "nhsuk"
    shutil.copytree(nhsuk / "assets", made / "nhsuk")
    css = (nhsuk / "nhsuk-frontend.min.css").read_text(encoding="utf-8")
    (made / "nhsuk" / "nhsuk-frontend.min.css").write_text(stylesheet(css), encoding="utf-8")
    js = (nhsuk / "nhsuk-frontend.min.js").read_text(encoding="utf-8")
    js = re.sub(r"//# sourceMappingURL=\S+", "", js)
    (made / "nhsuk" / "nhsuk-frontend.min.js").write_text(js, encoding="utf-8")
    (made / "fixtures").mkdir()
    for fixture in sorted((nhsuk / "components").glob("*/fixtures.json")):
        shutil.copy(fixture, made / "fixtures" / f"{fixture.parent.name}.json")
    (made / "fonts").mkdir()
    for package, cuts in FONTS.items():
        folder = modules / "@expo-google-fonts" / package
        for cut in cuts:
            shutil.copy(folder / cut, made / "fonts" / Path(cut).name)
        shutil.copy(folder / "LICENSE_FONT", made / "fonts" / f"LICENSE-{package}.txt")
    shutil.copy(modules / "axe-core" / "axe.min.js", made / "axe.min.js")


def fetch() -> None:
    """Make assets/ from package-lock.json. Raises CalledProcessError where npm or pip fails (both say why)."""
    with tempfile.TemporaryDirectory(prefix="involvement-assets-") as name:
        work = Path(name)
        for needed in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(ROOT / needed, work / needed)
        npm = npm_of_the_machine() or npm_thrown_away_afterwards(work / "node")
        install = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(install, cwd=work, check=True, stdout=sys.stderr)  # noqa: S603
        aside = Path(tempfile.mkdtemp(prefix=".assets-", dir=ROOT))
        aside.chmod(0o755)
        try:
            put_in_order(work / "node_modules", aside)
            (aside / ".stamp").write_text(stamp())
            if TARGET.exists():
                shutil.rmtree(TARGET)
            os.rename(aside, TARGET)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


if __name__ == "__main__":
    if not is_fetched():
        fetch()
