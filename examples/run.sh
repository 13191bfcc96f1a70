#!/bin/sh
# usage: run.sh HOME PORT
# A home, a token and the lines to copy, then the receiver and the site on this machine until it is stopped.
# Needs repogen, twine and pip on the PATH: `make run` sees to that. The lines for R are there where R is.
set -eu
home=$1
port=$2
here=$(cd "$(dirname "$0")" && pwd)
address=http://127.0.0.1:$port

[ -e "$home/store.git" ] || repogen init "$home" --address "$address"
token=$(repogen --home "$home" token create --description "make run" --user "$(id -un)" \
    --sources '*' --scope sources:write --expires 12h -q)

cat <<EOF

The pages are at $address/ once the server below is up. To try it, in another terminal:

  cd "$(pwd)"
  export PATH="$(dirname "$(command -v repogen)"):\$PATH"
  export TWINE_USERNAME=__token__ TWINE_PASSWORD=$token
  python -m build --no-isolation --outdir dist "$here/packages/acme-greeting"
  twine upload --repository-url $address/upload/pypi/local-python dist/*
  python -m venv "$home/try" && . "$home/try/bin/activate"
  pip install --index-url $address/python/latest/simple/ acme-greeting
  uv pip install --reinstall --default-index $address/python/latest/simple/ acme-greeting

EOF
! command -v R >/dev/null || cat <<EOF
  mkdir -p build "$home/library" && (cd build && R CMD build "$here/packages/acme.welcome")
  curl -T build/acme.welcome_1.0.0.tar.gz -u "__token__:\$TWINE_PASSWORD" $address/upload/r/local-r/
  export R_LIBS_USER="$home/library"
  Rscript -e 'install.packages("acme.welcome", repos = "$address/r/latest")'
  Rscript -e 'acme.welcome::welcome("R")'

EOF
cat <<EOF
The token is good for 12 hours. Ctrl-C stops the server, \`make run\` goes on with the same store.

EOF
exec repogen --home "$home" serve --host 127.0.0.1 --port "$port"
