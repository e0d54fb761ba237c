import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** Where what tests install, build or download is kept between runs. */
export const TOOLS_CACHE =
  process.env["KSERVE_TS_TEST_TOOLS"] ?? join(tmpdir(), `kserve-ts-tools-${userInfo().uid}`);
