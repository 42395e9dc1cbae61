/**
 * The Kafka client compiles the schemas of its producers', consumers' and admins' options when it is
 * loaded, which is half of the time that this takes. Workers speak to brokers below these and use none
 * of the schemas, so a bundle compiles each when it is first used.
 */
import { invariant } from "../../shared/errors.ts";

/** What they are compiled with. */
const COMPILER = /new ([\w$.]+)(\(\{allErrors:!0,coerceTypes:!1,strict:!0\}\))/g;

/** Compiles as late as can be. What a validator finds stands in its `errors`, as before. */
const lateCompiler = (compiler: string) =>
  `new class extends ${compiler}{compile(schema){let made;const validate=(...args)=>{` +
  "made??=super.compile(schema);const isValid=made(...args);validate.errors=made.errors;" +
  "return isValid};return validate}}";

/** The text of a bundle that has the Kafka client in it, with its schemas compiled late. */
export function withLateSchemas(text: string): string {
  const found = text.match(COMPILER)?.length ?? 0;
  invariant(found === 1, "The Kafka client compiles its schemas in a new way");
  return text.replace(COMPILER, (_, compiler, options) => lateCompiler(compiler) + options);
}
