/** The Kafka client's WebAssembly in the form that needs no file: bundled to take it from there. */
export * from "@platformatic/wasm-utils/bundled";
