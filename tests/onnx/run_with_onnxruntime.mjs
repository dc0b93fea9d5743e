// Runs every file of a folder by onnxruntime-web and compares the results with what Lemnos predicted, to 1e-5.
//   node run_with_onnxruntime.mjs FOLDER MODULES     MODULES: a node_modules folder with onnxruntime-web
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const [folder, modules] = process.argv.slice(2);
const ort = createRequire(path.resolve(modules, 'x.js'))('onnxruntime-web');
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

function tensor(lines) {
  const dims = lines.shift().split(' ').map(Number);
  const numbers = Float32Array.from(lines.shift().trim().split(' '), Number);
  return new ort.Tensor('float32', numbers, dims);
}

const files = fs.readdirSync(folder).filter((name) => name.endsWith('.onnx')).sort();
let wrong = files.length === 0 ? 1 : 0;
for (const file of files) {
  const lines = fs.readFileSync(path.join(folder, file.replace('.onnx', '.txt')), 'utf8').split('\n');
  const input = tensor(lines);
  const want = tensor(lines);
  const session = await ort.InferenceSession.create(fs.readFileSync(path.join(folder, file)));
  const result = (await session.run({ [session.inputNames[0]]: input }))[session.outputNames[0]];
  let worst = result.dims.join() === want.dims.join() ? 0 : Infinity;
  for (let i = 0; i < want.data.length; ++i) {
    const error = Math.abs(result.data[i] - want.data[i]) / Math.max(1, Math.abs(want.data[i]));
    worst = error <= worst ? worst : error;
  }
  const right = worst <= 1e-5;
  if (!right) ++wrong;
  console.log(`${file}: [${result.dims}] differs by at most ${worst.toExponential(1)}: ${right ? 'right' : 'WRONG'}`);
}
process.exit(wrong ? 1 : 0);
