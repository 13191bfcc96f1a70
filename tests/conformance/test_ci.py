"""A store without a receiver: CI jobs publish into it and build its site, with Git and Git LFS as the transfer.

The jobs are those of the workflows in examples/: their steps of shell are run here as they stand there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from repogen.store import Store
from tests.checkouts import checkout, git, pooled, subjects
from tests.conformance.installers import imported, pip_install, uv_install
from tests.conformance.programs import clean, run
from tests.conformance.webservers import plain
from tests.conftest import Client
from tests.factories import make_wheel
from tests.r_packages import make_r_source

pytestmark = pytest.mark.conformance

EXAMPLES = Path(__file__).parents[2] / "examples"
GITHUB, GITLAB = EXAMPLES / "github", EXAMPLES / "gitlab"
SITE = {
    "github": GITHUB / "store/.github/workflows/site.yml",
    "gitlab": GITLAB / "store/.gitlab-ci.yml",
}
PUBLISH = {
    "github": GITHUB / "package/.github/workflows/publish.yml",
    "gitlab": GITLAB / "package/.gitlab-ci.yml",
}
PACKAGE = EXAMPLES / "packages/acme-hello"


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path)


@dataclass(frozen=True)
class Machine:
    """What a job runs on: its programs, and its environment. Installing is no work there, all is installed."""

    bin: Path
    env: Mapping[str, str]

    def sh(self, script: str, folder: Path, **env: str) -> str:
        """Run the lines of a step as the hosts do, and return what it printed."""
        return run("bash", "-e", "-o", "pipefail", "-c", script, cwd=folder, env={**self.env, **env}).out


@pytest.fixture(scope="module")
def machine(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with repogen, Git and Git LFS."""
    client("git-lfs")
    folder = tmp_path_factory.mktemp("machine")
    programs = folder / "bin"
    programs.mkdir()
    (programs / "apt-get").write_text("#!/bin/sh\n")
    (programs / "apt-get").chmod(0o755)
    # "python -m pip install" does nothing, "python -m build" needs no network.
    (programs / "python").write_text(
        "#!/bin/sh\n"
        'case "$1 $2" in "-m pip") exit ;; "-m build") exec "$PYTHON" -m build --no-isolation ;; esac\n'
        'exec "$PYTHON" "$@"\n'
    )
    (programs / "python").chmod(0o755)
    (folder / "home").mkdir()
    (folder / "home/.gitconfig").write_text(
        "[user]\n\tname = job\n\temail = job@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    path = os.pathsep.join([str(programs), sysconfig.get_path("scripts"), os.environ["PATH"]])
    env = clean(PATH=path, PYTHON=sys.executable, HOME=folder / "home", LOGNAME="ann", RUNNER_TEMP=folder)
    run("git", "lfs", "install", "--skip-repo", env=env)
    return Machine(bin=programs, env=env)


@pytest.fixture
def remote(machine: Machine, tmp_path: Path) -> Path:
    """A store on a Git server, as somebody makes it who has no receiver."""
    run("git", "init", "--quiet", "--bare", "store.git", cwd=tmp_path, env=machine.env)
    git(tmp_path, "clone", "--quiet", (tmp_path / "store.git").as_uri(), "first")
    first = tmp_path / "first"
    machine.sh("repogen init --store . --ci github && repogen init --store . --ci gitlab", first)
    machine.sh("git push --quiet origin main", first)
    return tmp_path / "store.git"


class TestGitHub:
    """What GitHub's runner does with a workflow, as far as these need it."""

    def job(self, machine: Machine, path: Path, name: str, folder: Path, remotes: Mapping[str, Path]) -> str:
        """Run a job in an empty folder; ``remotes`` are what it checks out, by the path that it says."""
        document = load(path)
        printed = []
        outputs = folder.with_name(f"{folder.name}-outputs")
        outputs.touch()
        for step in document["jobs"][name]["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                where = step["with"].get("path", ".")
                checkout(remotes[where], folder / where)
            elif "run" in step:
                assert "${{" not in step["run"]
                env = {key: str(value) for key, value in (document.get("env", {}) | step.get("env", {})).items()}
                env = {key: value.replace("${{ github.actor }}", "ann") for key, value in env.items()}
                printed.append(machine.sh(step["run"], folder, GITHUB_OUTPUT=str(outputs), **env))
        assert re.fullmatch(r"(?:key=[0-9a-f]{64}\n)?", outputs.read_text())
        return "".join(printed)

    def test_publish_then_build(self, machine: Machine, client: Client, remote: Path, tmp_path: Path) -> None:
        """The job of a package publishes into the store, the job of the store makes a site that pip installs from."""
        package = package_at(tmp_path)
        folder = tmp_path / "publish"
        printed = self.job(machine, PUBLISH["github"], "publish", folder, {".": package, "store": remote})
        assert "added: acme_hello-1.0.0-py3-none-any.whl" in printed
        assert subjects(remote)[0] == "add acme-hello 1.0.0 to local-python (2 files)"
        assert git(remote, "log", "-1", "--format=%an", "main") == "ann"
        assert len(pooled(remote)) == 2
        again = self.job(machine, PUBLISH["github"], "publish", tmp_path / "again", {".": package, "store": remote})
        assert "nothing had to change" in again

        printed = self.job(machine, SITE["github"], "build", tmp_path / "build", {".": remote})
        assert re.search(r"^The site has [0-9]+ MB; Pages takes 1000 MB\.$", printed, re.MULTILINE)
        assert "::warning" not in printed
        installs(client, tmp_path, tmp_path / "build/public")

    def test_a_site_near_the_limit(self, machine: Machine, tmp_path: Path) -> None:
        """There is a warning before Pages takes no more."""
        steps = load(SITE["github"])["jobs"]["build"]["steps"]
        (script,) = [step["run"] for step in steps if step.get("name", "").startswith("Warn")]
        folder = tmp_path / "near"
        (folder / "public").mkdir(parents=True)
        (folder / "public/file").write_bytes(b"x" * 7_900_000)
        assert "::warning title=Pages::The site has 8 MB" in machine.sh(script, folder, LIMIT="10")
        os.link(folder / "public/file", folder / "public/again")
        assert "::warning title=Pages::The site has 16 MB" in machine.sh(script, folder, LIMIT="20")
        assert "::warning" not in machine.sh(script, folder, LIMIT="25")


class TestGitLab:
    """What GitLab's runner does with a pipeline, as far as these need it."""

    def job(self, machine: Machine, path: Path, name: str, folder: Path, remote: Path, **env: str) -> str:
        """Run a job in a folder that is left as it is between jobs, as its cache is; main is not checked out there."""
        document = load(path)
        job = document[name]
        assert not folder.exists() or (folder / ".git").is_dir()
        if not folder.exists():
            checkout(remote, folder)
            git(folder, "checkout", "--quiet", "--detach")
            git(folder, "branch", "--quiet", "-D", "main")
        variables = {
            key: str(value) for key, value in (document.get("variables", {}) | job.get("variables", {})).items()
        }
        lines = [line for key in ("before_script", "script") for line in job.get(key, ())]
        return machine.sh("\n".join(lines), folder, **{**variables, **env})

    def test_publish_then_build(self, machine: Machine, client: Client, remote: Path, tmp_path: Path) -> None:
        """The pipeline of a package publishes into the store, that of the store makes a site that pip installs from."""
        package = package_at(tmp_path)
        home = tmp_path / "home"
        home.mkdir()
        shutil.copy(Path(machine.env["HOME"]) / ".gitconfig", home)
        env = {"STORE": remote.as_uri(), "STORE_TOKEN": "s3cret", "GITLAB_USER_LOGIN": "ben", "HOME": str(home)}
        printed = self.job(machine, PUBLISH["gitlab"], "publish", tmp_path / "publish", package, **env)
        assert "added: acme_hello-1.0.0-py3-none-any.whl" in printed
        assert subjects(remote)[0] == "add acme-hello 1.0.0 to local-python (2 files)"
        assert git(remote, "log", "-1", "--format=%an", "main") == "ben"
        asked = subprocess.run(
            ["git", "credential", "fill"],
            env={**machine.env, **env},
            input="protocol=https\nhost=gitlab.example.com\n",
            capture_output=True,
            text=True,
            check=True,
        )
        assert asked.stdout.splitlines()[-2:] == ["username=repogen", "password=s3cret"]
        assert "s3cret" not in (home / ".gitconfig").read_text()

        printed = self.job(machine, SITE["gitlab"], "pages", tmp_path / "build", remote)
        installs(client, tmp_path, tmp_path / "build/public")
        assert {path.name for path in (tmp_path / "build/.archives").glob("??/??/*")} == pooled(remote)
        assert "Pages takes 1000 MB" in self.job(machine, SITE["gitlab"], "size", tmp_path / "build", remote)


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_archives_served_elsewhere(host: str, machine: Machine, client: Client, remote: Path, tmp_path: Path) -> None:
    """With files_base no byte of a Python archive is fetched, and clients get it from the other place; R's are here."""
    made, of_r = make_wheel(tmp_path, "elsewhere"), make_r_source(tmp_path, "here")
    desk = checkout(remote, tmp_path / "desk")
    machine.sh(f"repogen add {made} {of_r} --store . --source local-python,local-r --push", desk)
    full = tmp_path / "full"
    with plain(full) as other:
        config = desk / "repogen.toml"
        config.write_text(f'files_base = "{other.address}"\n' + config.read_text())
        machine.sh("git commit --quiet --all --message elsewhere && git push --quiet origin main", desk)
        machine.sh(f"repogen build --store . --site {full} --files", desk)
        if host == "github":
            TestGitHub().job(machine, SITE["github"], "build", tmp_path / "build", {".": remote})
        else:
            TestGitLab().job(machine, SITE["gitlab"], "pages", tmp_path / "build", remote)
        public = tmp_path / "build/public"
        assert pooled(tmp_path / "build") == {hashlib.sha256(of_r.read_bytes()).hexdigest()}
        assert (public / "r/latest/src/contrib" / of_r.name).read_bytes() == of_r.read_bytes()
        assert not (public / "python/files").exists()
        with plain(public) as pages:
            pip_install(client, tmp_path / "pip", f"{pages.address}/python/latest/simple/", "elsewhere")
            uv_install(client, tmp_path / "uv", f"{pages.address}/python/latest/simple/", "elsewhere")
    assert imported(tmp_path / "pip", "elsewhere") == imported(tmp_path / "uv", "elsewhere") == "1.0"


def test_two_jobs_race(machine: Machine, remote: Path, tmp_path: Path) -> None:
    """Two jobs push 50 uploads each to one store at once: all 100 are there, in one line, and so are their bytes."""
    job = (
        "import sys; from repogen.cli import main\n"
        "for name in sys.argv[1:]:\n"
        "    sys.argv[1:] = ['add', name, '--store', 'store', '--source', 'local-python', '--push']\n"
        "    try: main()\n"
        "    except SystemExit as end: assert not end.code\n"
    )
    folders = {who: folder_at(tmp_path / who) for who in "ab"}
    made = {who: [make_wheel(folders[who], f"race-{who}", f"1.{n}") for n in range(50)] for who in folders}

    def publish(who: str) -> str:
        checkout(remote, tmp_path / who / "store")
        return run(sys.executable, "-c", job, *made[who], cwd=tmp_path / who, env=machine.env, timeout=600).out

    with ThreadPoolExecutor() as pool:
        printed = list(pool.map(publish, made))
    assert [text.count("added: ") for text in printed] == [50, 50]
    found = subjects(remote)
    assert sum(subject.startswith("add race-") for subject in found) == len(found) - 2 == 100
    files = [file for who in made.values() for file in who]
    assert pooled(remote) == {hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    names = {name.rpartition("/")[2] for name in git(remote, "ls-tree", "-r", "--name-only", "main").splitlines()}
    assert {file.name for file in files} <= names
    run("git", "-C", remote, "fsck", "--strict", "--no-dangling")
    git(remote, "clone", "--quiet", remote.as_uri(), tmp_path / "all")
    assert "Git LFS fsck OK" in machine.sh("git lfs fetch && git lfs fsck", tmp_path / "all")


def test_two_jobs_race_with_batches(machine: Machine, remote: Path, tmp_path: Path) -> None:
    """The same with one command for 50 files each: two commits, neither on the side of the other."""
    folders = [folder_at(tmp_path / f"batch-{who}") for who in "ab"]
    for folder in folders:
        for number in range(50):
            make_wheel(folder, folder.name, f"1.{number}")

    def publish(folder: Path) -> None:
        store = checkout(remote, tmp_path / f"{folder.name}-store")
        machine.sh(f"repogen add {folder}/*.whl --store {store} --source local-python --push", folder)

    with ThreadPoolExecutor() as pool:
        list(pool.map(publish, folders))
    assert sorted(subjects(remote)[:2]) == ["add 50 files of 1 project to local-python"] * 2
    assert len(pooled(remote)) == 100


def test_examples_are_what_init_writes(remote: Path) -> None:
    """The workflows for stores in examples/ are those that ``repogen init --ci`` writes."""
    revision = Store(remote).newest()
    assert revision.read(".github/workflows/site.yml") == SITE["github"].read_bytes()
    assert revision.read(".gitlab-ci.yml") == SITE["gitlab"].read_bytes()


def test_workflows_keep_the_schemas(client: Client) -> None:
    """Each workflow is one that its host takes."""
    github: list[str | Path] = ["--builtin-schema", "vendor.github-workflows", SITE["github"], PUBLISH["github"]]
    gitlab: list[str | Path] = [
        "--builtin-schema",
        "vendor.gitlab-ci",
        "--data-transform",
        "gitlab-ci",
        SITE["gitlab"],
        PUBLISH["gitlab"],
    ]
    for arguments in (github, gitlab):
        run(client("check-jsonschema"), *arguments)


def test_workflows_are_safe(client: Client) -> None:
    """Every action is pinned by its commit, permissions are the least, and no text of others gets into a shell."""
    run(
        client("zizmor"),
        "--offline",
        "--no-progress",
        "--quiet",
        "--persona",
        "regular",
        SITE["github"],
        PUBLISH["github"],
    )
    for path in (SITE["github"], PUBLISH["github"]):
        used = re.findall(r"uses: (\S+)(.*)", path.read_text())
        assert used
        for action, comment in used:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action)
            assert re.fullmatch(r" # v[0-9]+\.[0-9]+\.[0-9]+", comment)


def test_steps_are_good_shell(client: Client, tmp_path: Path) -> None:
    """ShellCheck has nothing to say of any step."""
    script = tmp_path / "step"
    for text in steps():
        script.write_text(text + "\n")
        # The helper that hands out a token is expanded when it is asked.
        run(client("shellcheck"), "--shell", "bash", "--exclude", "SC2016", script)


def steps() -> Iterator[str]:
    for path in (SITE["github"], PUBLISH["github"]):
        for job in load(path)["jobs"].values():
            yield from (step["run"] for step in job["steps"] if "run" in step)
    for path in (SITE["gitlab"], PUBLISH["gitlab"]):
        for job in load(path).values():
            if "script" in job:
                yield "\n".join(line for key in ("before_script", "script") for line in job.get(key, ()))


def folder_at(path: Path) -> Path:
    path.mkdir()
    return path


def package_at(folder: Path) -> Path:
    """A Git repository with a package, which has a tag."""
    package = folder / "package"
    shutil.copytree(PACKAGE, package)
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=package)
    run("git", "add", "--all", cwd=package)
    run("git", "commit", "--quiet", "--message", "first", cwd=package)
    return package


def installs(client: Client, folder: Path, public: Path) -> None:
    """Does pip install from a site, served as Pages does it? Nothing private lies in it."""
    assert not (public / "_").exists()
    assert (public / "404.html").is_file()
    with zipfile.ZipFile(next(public.glob("python/files/*/*/*/*.whl"))) as wheel:
        assert wheel.testzip() is None
    with plain(public) as pages:
        pip_install(client, folder / "installed", f"{pages.address}/python/latest/simple/", "--no-deps", "acme-hello")
    assert (folder / "installed/acme_hello").is_dir()
