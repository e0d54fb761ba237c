#!/bin/sh
# build.sh [DIR]: builds kserve-testbed, kserve-manager and the images that every testbed loads into DIR (./bin where none is
# given), with what `up` reads of the modules of KServe and Knative. Needs Go 1.25.8 or newer and the module proxy.
set -eu
mkdir -p "${1:-$(dirname "$0")/bin}"
bin=$(cd "${1:-$(dirname "$0")/bin}" && pwd)
cd "$(dirname "$0")"
export GOFLAGS="-buildvcs=false ${GOFLAGS:-}"
mkdir -p "$bin/images"
echo "building kserve-testbed: Kubernetes (the longest part: 9 minutes with an empty build cache on two cores)"
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
stamp="-X k8s.io/component-base/version.gitVersion=$version -X k8s.io/client-go/pkg/version.gitVersion=$version"
go build -ldflags="-s -w $stamp" -o "$bin/kserve-testbed" .
echo "building kserve-manager: the KServe controller"
# The real controller: the kserve module's own cmd/manager, built in a module of its own because it needs other versions of
# the libraries that it shares with Kubernetes.
(cd controller && go build -ldflags='-s -w' -o "$bin/kserve-manager" github.com/kserve/kserve/cmd/manager)
# Its sidecar (batcher, logger) and InferenceGraph router are static programs too; WITH_AGENT=1 builds their images.
if [ "${WITH_AGENT:-}" ]; then
	(cd controller && CGO_ENABLED=0 go build -ldflags='-s -w' -o "$bin/images/" github.com/kserve/kserve/cmd/agent github.com/kserve/kserve/cmd/router)
	"$bin/kserve-testbed" pack docker.io/kserve/agent:testbed "$bin/images/agent" "$bin/images/agent.tar"
	"$bin/kserve-testbed" pack docker.io/kserve/router:latest "$bin/images/router" "$bin/images/router.tar"
fi
for image in pause echo storage-initializer; do
	CGO_ENABLED=0 go build -ldflags='-s -w' -o "$bin/images/$image" "./images/$image"
done
"$bin/kserve-testbed" pack localhost/pause:testbed "$bin/images/pause" "$bin/images/pause.tar"
# TensorFlow Serving's runtime names its command, so the stand-in is there under that name as well.
"$bin/kserve-testbed" pack localhost/echo:testbed "$bin/images/echo" "$bin/images/echo.tar" "$bin/images/echo=/usr/bin/tensorflow_model_server"
# The ClusterStorageContainer names its image :latest; the ConfigMap's, for URIs that it does not cover, is :testbed here.
for tag in latest testbed; do
	"$bin/kserve-testbed" pack "docker.io/kserve/storage-initializer:$tag" "$bin/images/storage-initializer" \
		"$bin/images/storage-initializer-$tag.tar" images/storage-initializer/models=/models
done
# What `up --kserve-src` and `--knative-src` read, so that nothing of Go is needed at run time.
copy() {
	mkdir -p "$bin/$2/$(dirname "$3")"
	cp -R "$(cd controller && go list -m -f '{{.Dir}}' "$1")/$3" "$bin/$2/$(dirname "$3")/"
	chmod -R u+w "$bin/$2"
}
copy github.com/kserve/kserve kserve-src config
copy knative.dev/serving knative-src config/core
