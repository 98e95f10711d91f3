#!/bin/sh
# Write requirements/$2.txt: every package with its hashes, without the names of hosts.
# demo = library and hub; dev = the same with what tests need; all = the same with Spark and the manual.
set -eu
uv=$1
set=$2
case $set in
  demo) chosen="--extra hub --group build" ;;
  dev) chosen="--extra hub --group build --group dev" ;;
  all) chosen="--all-extras --group build --group dev --group docs" ;;
  *) echo "expected demo, dev or all, got $set" >&2; exit 2 ;;
esac
week_ago=$(python3 -c 'import datetime as d; print((d.datetime.now(d.timezone.utc) - d.timedelta(days=7)).strftime("%Y-%m-%dT00:00:00Z"))')
# shellcheck disable=SC2086
"$uv" pip compile pyproject.toml $chosen --generate-hashes --universal --python-version 3.11 \
  --no-emit-index-url --no-annotate --no-header --exclude-newer "${CUTOFF:-$week_ago}" \
  --output-file "requirements/$set.txt" --quiet
