/** KServe's own runtimes under their stock names, as far as they can be made of PyPI's and Debian's packages. */
import { fileURLToPath } from "node:url";
import { pythonImage } from "./python-image.ts";

/** MLServer with scikit-learn and XGBoost, as kserve-mlserver names it. */
export function mlserverImage(): Promise<string> {
  return pythonImage("mlserver", {
    name: "docker.io/seldonio/mlserver:1.7.1",
    packages: [
      ...["mlserver==1.7.1", "mlserver-sklearn==1.7.1", "mlserver-xgboost==1.7.1"],
      // From 0.22 on it makes no event loop that is not there, and MLServer's workers end (SeldonIO/MLServer#2286). The
      // stock image's versions are those of MLServer's lock file, PyPI's newest are not.
      "uvloop<0.22",
      // That of the fixture: a pickled model is promised to load in no other.
      "scikit-learn==1.5.2",
    ],
    without: ["nvidia-nccl-cu12"],
    imports: "mlserver.cli, mlserver_sklearn, mlserver_xgboost, sklearn.linear_model, sklearn.ensemble",
    user: "1000",
    env: { MLSERVER_MODELS_DIR: "/mnt/models", HOME: "/tmp" },
    // It keeps its metrics where it runs.
    workFolder: "/tmp",
    command: ["python3", "-c", "from mlserver.cli import main; main()", "start", "/mnt/models"],
  });
}

/** Where Debian's own packages keep what their scripts would have linked. */
const BLAS = ["blas", "lapack"].map((name) => `/usr/lib/x86_64-linux-gnu/${name}`).join(":");

/**
 * TorchServe with PyTorch for the CPU, as kserve-torchserve names it. TorchServe is the real one. KServe's wrapper before it
 * is in no registry: ours (torchserve-wrapper.py) does what the requests of tests need of it.
 */
export function torchServeImage(): Promise<string> {
  return pythonImage("torchserve", {
    name: "docker.io/pytorch/torchserve-kfs:0.9.0",
    packages: ["torchserve==0.9.0", "packaging==24.2"],
    imports:
      "ts.model_service_worker, ts.torch_handler.base_handler, ts.torch_handler.request_envelope.kserve",
    // PyPI's PyTorch has CUDA's gigabytes.
    debian: ["python3-torch", "openjdk-17-jre-headless"],
    // A graphics card's drivers, which OpenCV's libraries ask for, and PyTorch's own tests.
    withoutDebian: ["libgl1-mesa-dri", "libllvm15", "libz3-4", "libtorch-test"],
    user: "1000",
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin:/usr/lib/jvm/java-17-openjdk-amd64/bin",
      LD_LIBRARY_PATH: BLAS,
      HOME: "/tmp",
    },
    files: {
      "/usr/local/bin/torchserve": {
        text: "#!/usr/bin/python3\nfrom ts.model_server import start\nstart()\n",
      },
      "/usr/local/bin/dockerd-entrypoint.sh": { text: TORCHSERVE_ENTRYPOINT },
      "/home/model-server/kserve_wrapper.py": ours("torchserve-wrapper.py"),
    },
    // It writes its logs where it runs.
    workFolder: "/tmp",
    entrypoint: ["/usr/local/bin/dockerd-entrypoint.sh"],
  });
}

/** As the stock image's: TorchServe in the background, the wrapper in front. */
const TORCHSERVE_ENTRYPOINT = `#!/bin/sh
set -e
"$@"
exec python3 /home/model-server/kserve_wrapper.py
`;

/**
 * What kserve-tensorflow-serving names: TensorFlow behind a stand-in for TF Serving (tensorflow-server.py), whose program is
 * in no registry.
 */
export function tensorflowImage(): Promise<string> {
  return pythonImage("tensorflow", {
    name: "docker.io/tensorflow/serving:2.6.2",
    packages: ["tensorflow-cpu==2.20.0"],
    without: ["libclang", "tensorboard"],
    imports: "tensorflow",
    unread: ["tensorflow/include"],
    user: "1000",
    env: { TF_CPP_MIN_LOG_LEVEL: "2", CUDA_VISIBLE_DEVICES: "" },
    files: { "/usr/bin/tensorflow_model_server": ours("tensorflow-server.py") },
    workFolder: "/tmp",
  });
}

function ours(name: string): { path: string } {
  return { path: fileURLToPath(new URL(name, import.meta.url)) };
}

/** KServe's storage initializer, under a name of its own: the testbed's stand-in has the stock one. */
export const STORAGE_INITIALIZER = "docker.io/kserve/storage-initializer:v0.20.0";

/** The archive of `STORAGE_INITIALIZER`. Its entry point is what KServe's image has. */
export function storageInitializerImage(): Promise<string> {
  return pythonImage("storage-initializer", {
    name: STORAGE_INITIALIZER,
    packages: ["kserve-storage==0.20.0"],
    imports: "kserve_storage, boto3.session, botocore.session",
    user: "1000",
    files: { "/storage-initializer/initializer-entrypoint": { text: INITIALIZER } },
    workFolder: "/tmp",
    entrypoint: ["python3", "/storage-initializer/initializer-entrypoint"],
  });
}

const INITIALIZER = `import sys
from kserve_storage import Storage
from kserve_storage.logging import configure_logging, logger

configure_logging()
sources, targets = sys.argv[1::2], sys.argv[2::2]
logger.info("Initializing, args: (src_uri, dest_path): %s", list(zip(sources, targets)))
try:
    Storage.download_files(sources, targets)
except Exception as error:
    logger.error("Storage initialization failed: %s", error)
    sys.exit(1)
`;
