#!/bin/sh
# Writes .env, in the folder above this one, with passwords that nobody has used before: docker-compose.yml wants them.
# It leaves a .env that is there alone; the volumes know its passwords.
set -eu
umask 077
file="$(dirname "$0")/../.env"
if [ -e "$file" ]; then
  echo "$file is there already: remove it, and the volumes (docker compose down --volumes), to begin anew" >&2
  exit 1
fi
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
cat >"$file" <<END
# Passwords for docker-compose.yml, made by deploy/make-env.sh. Not for the repository.
CLICKHOUSE_PASSWORD=$(random)
CLICKHOUSE_GRAFANA_PASSWORD=$(random)
GRAFANA_ADMIN_PASSWORD=$(random)
END
echo "wrote $file; Grafana's user is admin, its password GRAFANA_ADMIN_PASSWORD"
