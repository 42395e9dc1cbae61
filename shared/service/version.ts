/** Which version this is. `deno task build` puts it in place of the stamp, into what it has bundled. */

/** What stands in the bundle until then. */
export const STAMP: string = "@WATTSTREAM_VERSION@";

/** Version and commit, `1.2.0+0a1b2c3d4e5f`; from a working copy it says just that. */
export const VERSION: string = STAMP.startsWith("@") ? "0.0.0+source" : STAMP;
