/** `node play.mjs <file> <scene> <options as JSON>`: plays one scene and prints what it gives as JSON. */

import { onStage } from "./browser.mjs";

const [file, name, options] = process.argv.slice(2);
const scenes = await import(`./${file}`);
console.log(JSON.stringify(await onStage(scenes[name], JSON.parse(options))));
