# Sourced by ./headwater and ./test: what this machine must have, and how it gets it.

say() { printf '%s\n' "$*" >&2; }

# The SDK comes from Microsoft's own installer or packages, never from this script: which of the two is the owner's choice.
need_dotnet_sdk() {
  local found
  if ! command -v dotnet >/dev/null 2>&1; then
    say "headwater: the .NET 10 SDK is needed and no 'dotnet' is on the PATH."
  elif ! found=$(cd "$root" && dotnet --version 2>/dev/null); then
    say "headwater: the .NET 10 SDK is needed; 'dotnet' here has only: $(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | paste -sd' ' - | grep . || echo 'no SDK')."
  else
    case $found in 10.*) return 0 ;; esac
    say "headwater: the .NET 10 SDK is needed; 'dotnet' here is $found."
  fi
  say "Install the package dotnet-sdk-10.0 (https://learn.microsoft.com/dotnet/core/install/linux-debian) and try again."
  exit 69
}

# need_packages 'what for' PACKAGE=PROBE ...   PROBE is a command to find (sbin included), or a shell test after 'test:'.
need_packages() {
  local why=$1 pair probe missing=()
  shift
  for pair in "$@"; do
    probe=${pair#*=}
    case $probe in
      test:*) (eval "${probe#test:}") >/dev/null 2>&1 || missing+=("${pair%%=*}") ;;
      *) PATH="$PATH:/usr/sbin:/sbin" command -v "$probe" >/dev/null 2>&1 || missing+=("${pair%%=*}") ;;
    esac
  done
  [ ${#missing[@]} -eq 0 ] && return 0

  if ! command -v apt-get >/dev/null 2>&1; then
    say "headwater: $why needs ${missing[*]} (names of Debian's packages); there is no apt-get here, so install their like yourself."
    exit 69
  fi
  if [ "$(id -u)" -ne 0 ]; then
    say "headwater: $why needs Debian packages that are missing here. Install them with:"
    say "  sudo apt-get install --no-install-recommends ${missing[*]}"
    exit 69
  fi
  say "headwater: installing ${missing[*]} from Debian's packages ($why) ..."
  install_without_starting "${missing[@]}"
}

# Debian starts a service as soon as its package is installed. Our servers are children with ports and sockets of their own and need no
# service, so for the length of the installation policy-rc.d (which invoke-rc.d asks) says "do not start". A machine's own policy stays.
install_without_starting() {
  local policy=/usr/sbin/policy-rc.d ours='' status=0 log
  log=$(mktemp)
  if [ ! -e "$policy" ]; then
    ours=$policy
    trap 'rm -f /usr/sbin/policy-rc.d; exit 130' INT TERM HUP
    printf '#!/bin/sh\n# ours for the length of one apt-get install (headwater)\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 </dev/null ||
      { apt-get update >>"$log" 2>&1 </dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1 </dev/null; }; } || status=$?
  if [ -n "$ours" ]; then
    rm -f "$ours"
    trap - INT TERM HUP
  fi
  if [ "$status" -ne 0 ]; then
    tail -n 25 "$log" >&2
    say "headwater: apt-get could not install $* (its whole output: $log)."
    exit 69
  fi
  rm -f "$log"
}

# newer_than STAMP PATH...: true when a source (or a directory, so that a removed file counts) is newer than the stamp, or there is none.
newer_than() {
  local stamp=$1
  shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -newer "$stamp" -print -quit 2>/dev/null)" ]
}
