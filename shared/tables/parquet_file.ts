/**
 * Parquet (snappy, a row group for each addition). What the columns mean and their units stand in
 * the metadata of the file, under `wattstream`, as JSON.
 */
import type { SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { AppendBytes, TableDescription, TableFile } from "./table_file.ts";
import type { Cell, Column } from "./tables.ts";

/** Key of our metadata in the file's. */
export const METADATA_KEY = "wattstream";

const ELEMENTS = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  integer: { type: "INT64" },
  number: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
} as const;

export function parquetFile(
  { columns, facts }: TableDescription,
  append: AppendBytes,
): TableFile {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: schemaOf(columns),
    kvMetadata: [{ key: METADATA_KEY, value: JSON.stringify({ ...facts, columns }) }],
    createdBy: "wattstream",
  });
  const flush = () => {
    append(bytes.getBytes());
    bytes.index = 0;
  };
  return {
    add(cells) {
      const columnData = columns.map(({ name, type }, index) => ({
        name,
        data: valuesOf(type, cells[index]!),
      }));
      writer.write({ columnData, rowGroupSize: cells[0]!.length });
      flush();
    },
    finish() {
      writer.finish();
      flush();
    },
  };
}

/** What the library takes of 64 bits is a BigInt. */
function valuesOf(type: Column["type"], cells: readonly Cell[]): unknown[] {
  if (type === "integer") return cells.map((cell) => BigInt(cell as number));
  if (type === "integers") return cells.map((cell) => (cell as readonly number[]).map(BigInt));
  return [...cells];
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [
    { name: "root", num_children: columns.length },
    ...columns.flatMap(({ name, type, isOptional }): SchemaElement[] => {
      if (type === "integers" || type === "numbers") {
        return [
          { name, repetition_type: "REQUIRED", num_children: 1, converted_type: "LIST" },
          { name: "list", repetition_type: "REPEATED", num_children: 1 },
          {
            name: "element",
            repetition_type: "REQUIRED",
            ...ELEMENTS[type === "integers" ? "integer" : "number"],
          },
        ];
      }
      const repetition_type = isOptional === true ? "OPTIONAL" : "REQUIRED";
      return [{ name, repetition_type, ...ELEMENTS[type] }];
    }),
  ];
}
