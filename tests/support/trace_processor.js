// Perfetto's trace processor as a local server: node trace_processor.js ENGINE_BUNDLE SOCKET
// Runs the engine that the Perfetto UI runs in its worker, and forwards its RPC bytes over a Unix socket.
"use strict";
const fs = require("fs");
const net = require("net");
const path = require("path");
const vm = require("vm");

const [bundle, socketPath] = process.argv.slice(2);
const folder = path.dirname(bundle);
const quiet = { log() {}, warn() {}, error: console.error, info() {}, debug() {} };
const worker = {
  console: quiet, TypeError, WebAssembly, TextDecoder, TextEncoder, URL, performance, setTimeout, clearTimeout, queueMicrotask,
  crypto: globalThis.crypto, Uint8Array, ArrayBuffer,
  location: { href: "file://" + bundle, pathname: bundle, origin: "file://" },
  importScripts() {},
  XMLHttpRequest: class {
    open(method, url) { this.url = url; }
    send() { this.response = new Uint8Array(fs.readFileSync(path.join(folder, path.basename(this.url)))).buffer; }
  },
};
worker.self = worker;
worker.globalThis = worker;
worker.WorkerGlobalScope = function () {};
vm.createContext(worker);
vm.runInContext(fs.readFileSync(bundle, "utf8"), worker, { filename: bundle });

let client = null;
const port = { onmessage: null, postMessage: (data) => client && client.write(Buffer.from(data)) };
worker.onmessage({ data: port });

const server = net.createServer((socket) => {
  client = socket;
  socket.on("data", (data) => port.onmessage({ data: new Uint8Array(data) }));
  socket.on("error", () => {});
});
process.stdin.on("close", () => process.exit(0));
process.stdin.resume();
setImmediate(() => server.listen(socketPath)); // the engine is there once all promises have been kept
