// Builds the file that Python sends to the browser. It is committed, so that installing and running
// the product does not need npm; `--check` tests whether the committed file is up to date.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const built = fileURLToPath(
  new URL("../rareearth_explorer/widgets/static/widgets.js", import.meta.url),
);

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: ["src/widgets.js"],
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "ascii", // so that any encoding reads it correctly
  banner: { js: "// Built from js/src by `npm run build` in js/; changes to this file are lost." },
  write: false, // not minified, so that errors in the browser's console name readable lines
});
const text = outputFiles[0].text;

if (process.argv.includes("--check")) {
  const committed = await readFile(built, "utf8").catch(() => "");
  if (committed !== text) {
    const name = relative(dirname(here), built);
    console.error(
      `${name} is not up to date with js/src: run 'npm run build' in js/ and commit it.`,
    );
    process.exitCode = 1;
  }
} else {
  await mkdir(dirname(built), { recursive: true });
  await writeFile(built, text);
}
