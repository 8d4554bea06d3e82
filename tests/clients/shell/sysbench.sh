#!/usr/bin/env bash
# Every script that comes with sysbench, with server-side prepared statements (auto) and without (disable). No error is allowed;
# deadlocks and lock waits, which sysbench itself retries, are the load's own. HW_SECONDS a run (default 1). Prints TAP.
here=$(dirname -- "$(readlink -f -- "$0")")
. "$here/tap.sh"
with=(--db-driver=mysql --mysql-host="$HW_HOST" --mysql-port="$HW_PORT" --mysql-user="$HW_USER" --mysql-password="$HW_PASSWORD" --mysql-db="$HW_SCHEMA"
  --threads=4 --tables=2 --table-size=2000 --report-interval=0)

prepares() { sysbench "${with[@]}" --threads=2 oltp_common prepare 2>/dev/null || sysbench "${with[@]}" --threads=2 oltp_read_write prepare; }

runs() {
  local script=$1 mode=$2 out
  shift 2
  out=$(sysbench "${with[@]}" --time="${HW_SECONDS:-1}" --db-ps-mode="$mode" "$@" "$script" run) || { echo "$out"; exit 1; }
  echo "$out"
  ! grep -qE 'FATAL|ALERT' <<<"$out"
  grep -E '^ *(events/s|queries:|total number of events:)' <<<"$out" | grep -qE '[1-9]'
  grep -qE 'reconnects: +0 ' <<<"$out"
}

bulk() { sysbench "${with[@]}" bulk_insert cleanup >/dev/null 2>&1; sysbench "${with[@]}" bulk_insert prepare && runs bulk_insert "$1" && sysbench "${with[@]}" bulk_insert cleanup; }

check 'prepare' prepares
for mode in auto disable; do
  for script in oltp_point_select oltp_read_only oltp_read_write oltp_write_only oltp_insert oltp_delete oltp_update_index oltp_update_non_index select_random_points select_random_ranges; do
    check "$script, --db-ps-mode=$mode" runs "$script" "$mode"
  done
done
check 'oltp_read_only without its transaction, --db-ps-mode=auto' runs oltp_read_only auto --skip_trx=on
check 'cleanup' sysbench "${with[@]}" oltp_read_write cleanup
for mode in auto disable; do check "bulk_insert, --db-ps-mode=$mode" bulk "$mode"; done
echo "1..$number"
