# For scripts that fetch Debian packages without touching the system: source it. apt then has lists
# of its own below $folder, and takes the mirror this machine is configured for.

# The site of Debian's packages, or with `security` of its security updates. Nothing if there is
# none (apt-get update was never run).
apt_site() {
  local want=0
  [ "${1:-}" != security ] || want=1
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk -v security="$want" '($2 ~ /-security/) == security {print $1; exit}'
}

# apt_folder KIND SUITE...: makes ready what private_apt needs, for sources of one KIND (deb,
# deb-src). The last suite goes before the others. False if there is no site.
apt_folder() {
  local kind=$1 site security suite
  shift
  site=$(apt_site)
  security=$(apt_site security)
  [ -n "$site" ] || return 1
  mkdir -p "$folder"/{state/lists,cache/archives}/partial
  : >"$folder/status"
  apt_release=${*: -1}
  for suite; do
    case $suite in
      *-security) [ -z "$security" ] || echo "$kind $security $suite main" ;;
      *) echo "$kind $site $suite main" ;;
    esac
  done >"$folder/sources.list"
}

# apt-get as if nothing were installed.
private_apt() {
  apt-get -o Dir::Etc::SourceList="$folder/sources.list" -o Dir::Etc::SourceParts=- \
    -o Dir::State="$folder/state" -o Dir::State::status="$folder/status" \
    -o Dir::Cache="$folder/cache" -o Debug::NoLocking=1 -o Acquire::Retries=3 \
    -o APT::Default-Release="$apt_release" -o APT::Install-Recommends=false \
    -o APT::Sandbox::User= -o Dpkg::Use-Pty=0 "$@"
}
