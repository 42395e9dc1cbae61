import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { hasCode } from "../../shared/errors.ts";
import { openRunFolder } from "./folder.ts";

Deno.test("openRunFolder() removes a temporary folder, unless it is to be kept", async () => {
  for (const keep of [false, true]) {
    const folder = await openRunFolder({ data: undefined, logUrl: undefined });
    assert.equal(folder.logUrl, `sqlite:${folder.path}/log.db`);
    assert.ok(existsSync(`${folder.path}/logs`));
    await folder.close(keep);
    assert.equal(existsSync(folder.path), keep);
    if (keep) await Deno.remove(folder.path, { recursive: true });
  }
});

Deno.test("openRunFolder() gives a log to one run at a time, by whichever name", async () => {
  const data = await Deno.makeTempDir();
  const first = await openRunFolder({ data: `${data}/new`, logUrl: undefined });
  const isTaken = (error: unknown) => {
    assert.ok(hasCode(error, "unavailable"));
    assert.match(error.message, /Wait for the other deno task dev that is running on .*log\.db/);
    return true;
  };
  await assert.rejects(openRunFolder({ data: `${data}/new`, logUrl: undefined }), isTaken);
  await assert.rejects(openRunFolder({ data: undefined, logUrl: first.logUrl }), isTaken);
  const other = await openRunFolder({ data: `${data}/new`, logUrl: "kafka://host:9092" });
  await other.close(false);
  await first.close(false);
  const second = await openRunFolder({ data: `${data}/new`, logUrl: undefined });
  await second.close(false);
  assert.ok(existsSync(`${data}/new`), "it is not ours to remove");
  await Deno.remove(data, { recursive: true });
});

Deno.test("openRunFolder() says where it cannot be", async () => {
  const file = await Deno.makeTempFile();
  await assert.rejects(
    openRunFolder({ data: file, logUrl: undefined }),
    (error) => hasCode(error, "config") && /Choose another folder for --data/.test(error.message),
  );
  await assert.rejects(
    openRunFolder({ data: undefined, logUrl: `sqlite:${file}/log.db` }),
    (error) => hasCode(error, "config") && /Choose another place/.test(error.message),
  );
  await Deno.remove(file);
});
