#!/bin/sh
# play-knative.sh KSVC REVISION [PREVIOUS PERCENT]: writes the status that Knative's controllers would write for a Service.
k="${KSERVE_TESTBED:-$(dirname "$0")/bin/kserve-testbed} kubectl"
generation=$($k get ksvc "$1" -o jsonpath='{.metadata.generation}')
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
ok() { printf '{"type":"%s","status":"True","lastTransitionTime":"%s"}' "$1" "$now"; }
traffic="{\"latestRevision\":true,\"percent\":${4:-100},\"revisionName\":\"$2\"}"
[ -z "${3:-}" ] || traffic="$traffic,{\"revisionName\":\"$3\",\"percent\":$((100 - $4)),\"tag\":\"prev\",\"url\":\"http://prev-$1.default.example.com\"}"
$k patch ksvc "$1" --subresource=status --type=merge -p "{\"status\":{\"observedGeneration\":$generation,
  \"conditions\":[$(ok ConfigurationsReady),$(ok RoutesReady),$(ok Ready)],
  \"latestCreatedRevisionName\":\"$2\",\"latestReadyRevisionName\":\"$2\",
  \"url\":\"http://$1.default.example.com\",\"address\":{\"url\":\"http://$1.default.svc.cluster.local\"},
  \"traffic\":[$traffic]}}"
