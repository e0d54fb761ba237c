/** KServe's own runtimes under their stock names, as far as they can be made of PyPI's and Debian's packages. */
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
    revision: 2,
    user: "1000",
    env: { MLSERVER_MODELS_DIR: "/mnt/models", HOME: "/tmp" },
    // It keeps its metrics where it runs.
    workFolder: "/tmp",
    command: ["python3", "-c", "from mlserver.cli import main; main()", "start", "/mnt/models"],
  });
}

/** KServe's storage initializer, under a name of its own: the testbed's stand-in has the stock one. */
export const STORAGE_INITIALIZER = "docker.io/kserve/storage-initializer:v0.20.0";

/** The archive of `STORAGE_INITIALIZER`. Its entry point is what KServe's image has. */
export function storageInitializerImage(): Promise<string> {
  return pythonImage("storage-initializer", {
    name: STORAGE_INITIALIZER,
    packages: ["kserve-storage==0.20.0"],
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
