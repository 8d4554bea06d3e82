# TAP in a few lines, shared by the shell clients. A check is a function; it fails by ending with another status than 0.
number=0
check() {
  local name=$1 started=$EPOCHREALTIME output status
  shift
  number=$((number + 1))
  output=$(set -euo pipefail; "$@" 2>&1)
  status=$?
  if [ $status -eq 0 ]; then
    printf 'ok %d - %s (%d ms)\n' "$number" "$name" $(((${EPOCHREALTIME/./} - ${started/./}) / 1000))
  elif [ $status -eq 77 ]; then
    printf 'ok %d - %s # SKIP %s\n' "$number" "$name" "$output"
  else
    printf 'not ok %d - %s\n' "$number" "$name"
    tail -n 25 <<<"$output" | cut -c1-400 | sed 's/^/# /'
  fi
}
skip() { echo "$*"; exit 77; }
same() { [ "$1" = "$2" ] || { printf 'expected: %s\nfound:    %s\n' "$1" "$2"; exit 1; }; }
# Another connection is another session, which owns nothing of what this one wrote: through a gateway it may read a copy that is a moment behind.
eventually_same() {
  local expected=$1 found=
  shift
  for _ in $(seq 100); do
    found=$("$@") && [ "$found" = "$expected" ] && return 0
    sleep 0.1
  done
  same "$expected" "$found"
}
contains() { case $2 in *"$1"*) ;; *) printf 'expected to find: %s\nin: %s\n' "$1" "$2"; exit 1 ;; esac; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '[client]\nuser=%s\npassword="%s"\n[mysql]\ndefault-character-set=utf8mb4\n' "$HW_USER" "$HW_PASSWORD" >"$work/my.cnf"
chmod 600 "$work/my.cnf"
# every tool the same way: TCP, the account from a file so that no process list shows it
to=("--defaults-file=$work/my.cnf" --host="$HW_HOST" --port="$HW_PORT" --protocol=tcp)
# the administrator, where a check needs rights that an application has not (triggers with the binary log on)
printf '[client]\nuser=%s\npassword="%s"\n[mysql]\ndefault-character-set=utf8mb4\n' "${HW_ADMIN_USER:-$HW_USER}" "${HW_ADMIN_PASSWORD-$HW_PASSWORD}" >"$work/admin.cnf"
chmod 600 "$work/admin.cnf"
as_admin=("--defaults-file=$work/admin.cnf" "${to[@]:1}")
