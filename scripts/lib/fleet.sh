# shellcheck shell=bash
# Sourced by run: the device's way into a fleet. Needs common.sh and demo.sh; sets and reads cloud, provisioning_key, fleet
# and device_type.

cloud='' provisioning_key='' fleet='' device_type=''

# fleet_check: all that registering needs is given, and can be written into config.json as it is.
fleet_check() {
  [[ $cloud =~ ^https?://[^\"\\[:space:]]+$ ]] || die "--cloud wants the http or https URL of the cloud's API"
  [[ $provisioning_key =~ ^[^\"\\[:space:]]+$ ]] || die "--cloud wants --provisioning-key too: a key that registers devices"
  [[ $fleet =~ ^[1-9][0-9]*$ ]] || die "--cloud wants --fleet too: the fleet's number (application id)"
  [[ $device_type =~ ^[a-z0-9-]*$ ]] || die "--device-type wants the slug of a device type, such as generic-amd64"
}

# fleet_config: the config.json that an image of the fleet would have; only root and the frontend can read it.
fleet_config() {
  local type=''
  [ -z "$device_type" ] || type=",\"deviceType\":\"$device_type\""
  export CONFIG_JSON=$demo_state/config.json
  install -m 640 -o root -g "$demo_uid" /dev/null "$CONFIG_JSON"
  printf '{"apiEndpoint":"%s","apiKey":"%s","applicationId":%s%s}\n' "$cloud" "$provisioning_key" "$fleet" "$type" \
    >"$CONFIG_JSON"
}

# fleet_uuid: the device's name in its fleet, once the cloud knows it.
fleet_uuid() { sed -n 's/.*device known to its cloud uuid=\([0-9a-f]*\).*/\1/p' "$demo_run/frontend.log" | tail -n 1; }

fleet_known() { [ -n "$(fleet_uuid)" ]; }

fleet_show() {
  if wait_for 30 fleet_known; then
    say "device $(fleet_uuid) of fleet $fleet at $cloud"
  else
    say "the device is not registered yet, and keeps trying: $(grep 'not registered' "$demo_run/frontend.log" | tail -n 1)"
  fi
}

# fleet_app_remove: the app that the fleet had the device run; its data stays, and the next start brings it back.
fleet_app_remove() {
  say "removing the fleet's app (its data stays in $demo_state/data/$fleet)"
  demo_admin app remove "$fleet" --yes >"$demo_run/remove.log" 2>&1 ||
    say "the fleet's app could not be removed: $(tail -n 1 "$demo_run/remove.log")"
}
