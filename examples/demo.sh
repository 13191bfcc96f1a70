#!/bin/sh
# The main job by itself: two packages are built, signed, sent with twine and installed with pip and uv, and one of R
# with its own tools and curl; in a throw-away home. Needs repogen, twine, build and hatchling on the PATH: `make demo`
# sees to that. git, gpg, uv and R with curl are used where they are.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
server=
step() { printf '\n== %s\n' "$*"; }
there() { command -v "$1" >/dev/null; }
# Until that address answers, 30 s at most.
wait_for() {
    python - "$1" <<'EOF'
import sys, time, urllib.request

for _ in range(300):
    try:
        urllib.request.urlopen(sys.argv[1], timeout=5).close()
        break
    except OSError as error:
        reason = error
        time.sleep(0.1)
else:
    sys.exit(f"{sys.argv[1]}: {reason}")
EOF
}
tidy() {
    status=$?
    trap - EXIT INT TERM
    [ -z "$server" ] || { kill "$server" && wait "$server" || :; } 2>/dev/null
    ! there gpgconf || gpgconf --kill all
    [ "$status" = 0 ] || [ ! -e "$work/serve.log" ] || grep -v __api__/status "$work/serve.log" >&2
    rm -rf "$work"
    exit "$status"
}
trap tidy EXIT
trap 'exit 130' INT TERM

# Nothing of the host's settings has a say.
export HOME="$work" GNUPGHOME="$work/gnupg" GIT_CONFIG_NOSYSTEM=1 PIP_CONFIG_FILE=/dev/null UV_NO_CONFIG=1
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
unset PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS UV_INDEX UV_DEFAULT_INDEX VIRTUAL_ENV

step "a home with a store, a source and a repository"
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
address=http://127.0.0.1:$port
repogen init "$work/home" --address "$address"
export REPOGEN_HOME="$work/home"

step "a token that may upload to local-python and local-r"
TWINE_USERNAME=__token__
TWINE_PASSWORD=$(repogen token create --description demo --user demo --sources local-python,local-r \
    --scope sources:write --expires 1h -q)
export TWINE_USERNAME TWINE_PASSWORD

step "receiver and site at $address/"
repogen serve --host 127.0.0.1 --port "$port" >"$work/serve.log" 2>&1 &
server=$!
wait_for "$address/__api__/status"

step "building acme-greeting and acme-hello"
for package in acme-greeting acme-hello; do
    cp -R "$here/packages/$package" "$work/$package"
    python -m build --no-isolation --outdir "$work/dist" "$work/$package" >"$work/build.log" 2>&1 ||
        { cat "$work/build.log" >&2 && exit 1; }
done
ls "$work/dist"

if there gpg; then
    step "signing each file with a throw-away key"
    mkdir -m 700 "$GNUPGHOME"
    gpg --batch --quiet --passphrase '' --quick-generate-key 'Demo <demo@example.org>' ed25519 sign 1d 2>/dev/null
    for file in "$work"/dist/*; do
        gpg --batch --quiet --armor --detach-sign "$file"
    done
fi

step "twine upload"
twine upload --non-interactive --disable-progress-bar --repository-url "$address/upload/pypi/local-python" "$work"/dist/*

step "pip install acme-hello (acme-greeting comes along)"
python -m venv "$work/pip"
"$work/pip/bin/pip" install --quiet --index-url "$address/python/latest/simple/" acme-hello
"$work/pip/bin/acme-hello" pip

if there uv; then
    step "uv pip install acme-hello"
    uv venv --quiet --python "$(command -v python)" "$work/uv"
    uv pip install --quiet --python "$work/uv/bin/python" --default-index "$address/python/latest/simple/" acme-hello
    "$work/uv/bin/acme-hello" uv
fi

if there Rscript && there curl; then
    step "R CMD build acme.welcome, and curl -T"
    mkdir "$work/r" "$work/library"
    (cd "$work/r" && R --vanilla CMD build "$here/packages/acme.welcome") >"$work/build.log" 2>&1 ||
        { cat "$work/build.log" >&2 && exit 1; }
    printf 'machine 127.0.0.1 login __token__ password %s\n' "$TWINE_PASSWORD" >"$work/netrc"
    curl --silent --show-error --fail-with-body --netrc-file "$work/netrc" -T "$work/r/acme.welcome_1.0.0.tar.gz" \
        --write-out '\n' "$address/upload/r/local-r/"

    step 'install.packages("acme.welcome")'
    R_LIBS_USER="$work/library" Rscript --vanilla -e 'options(warn = 2)' \
        -e "install.packages('acme.welcome', repos = '$address/r/latest', quiet = TRUE)" \
        -e 'writeLines(acme.welcome::welcome("R"))'
fi

if there git; then
    step "what the store says of it"
    git -C "$work/home/store.git" log --format='%h %an: %s' main
fi

step "the page for people"
page=$address/python/packages/acme-hello/
wait_for "$page"
echo "$page"

step "done; all of it is removed again"
