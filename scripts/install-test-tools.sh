#!/usr/bin/env bash
# What the tests need besides npm packages: nginx, for those that put a real one in front. Does nothing that is done.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/usr/local/sbin"
command -v nginx > /dev/null && exit 0
if ! command -v apt-get > /dev/null || [ "$(id -u)" -ne 0 ]; then
  echo 'install-test-tools: nginx is missing; install it (needs root and apt-get to do so by itself)' >&2
  exit 1
fi
apt-get update -qq
# Debian would start it as a service; the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx
