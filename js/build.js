// Builds the one file that Python gives to the browser. It is committed, so that nobody needs npm to
// install or run the product; `--check` says whether it is what the sources build.

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
  charset: "ascii", // so that it reads the same in any encoding
  banner: { js: "// Built from js/src by `npm run build` in js/; changes to this file are lost." },
  write: false, // not minified: an error in a browser's console should name a line one can read
});
const text = outputFiles[0].text;

if (process.argv.includes("--check")) {
  const committed = await readFile(built, "utf8").catch(() => "");
  if (committed !== text) {
    const name = relative(dirname(here), built);
    console.error(`${name} is not what js/src builds: run 'npm run build' in js/ and commit it.`);
    process.exitCode = 1;
  }
} else {
  await mkdir(dirname(built), { recursive: true });
  await writeFile(built, text);
}
