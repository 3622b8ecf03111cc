import { type SQL, is } from 'drizzle-orm';
import { SQLiteTable, getTableConfig } from 'drizzle-orm/sqlite-core';
import { expect, test } from 'vitest';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import * as tables from './tables.ts';

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

const described = Object.values(tables).filter((table) => is(table, SQLiteTable));

function partOf(where: SQL | undefined): string | undefined {
  const chunk = where?.queryChunks[0] as { value: string[] } | undefined;
  return chunk?.value.join('');
}

test('the migrations make exactly the described tables', async () => {
  await using root = new TemporaryRoot();
  await root.open().close();
  const made = root
    .rows<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
    .map((row) => row.name);
  expect(made).toEqual(described.map((table) => getTableConfig(table).name).toSorted());
  expect(described.length).toBeGreaterThan(5);
});

test.each(described.map((table) => getTableConfig(table)))(
  'the table $name has its columns, keys and indexes',
  async ({ name, columns, primaryKeys, indexes }) => {
    await using root = new TemporaryRoot();
    await root.open().close();

    const keys = primaryKeys.flatMap((key) => key.columns.map((column) => column.name));
    expect(
      root.rows<ColumnRow>(`SELECT name, type, "notnull", pk FROM pragma_table_info('${name}')`),
    ).toEqual(
      columns.map((column) => ({
        name: column.name,
        type: column.getSQLType().toUpperCase(),
        notnull: Number(column.notNull),
        pk: column.primary ? 1 : keys.indexOf(column.name) + 1,
      })),
    );

    const made = root
      .rows<{ name: string; unique: number; partial: number }>(
        `SELECT name, "unique", partial FROM pragma_index_list('${name}') WHERE origin = 'c'`,
      )
      .map((row) => ({
        ...row,
        columns: root
          .rows<{ name: string }>(`SELECT name FROM pragma_index_info('${row.name}')`)
          .map((column) => column.name),
        where: root
          .rows<{ sql: string }>(`SELECT sql FROM sqlite_schema WHERE name = '${row.name}'`)[0]
          ?.sql.split(' WHERE ')[1],
      }));
    expect(made.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual(
      indexes
        .map(({ config }) => ({
          name: config.name,
          unique: Number(config.unique),
          partial: Number(config.where !== undefined),
          columns: config.columns.map((column) => (column as { name: string }).name),
          where: partOf(config.where),
        }))
        .toSorted((a, b) => a.name.localeCompare(b.name)),
    );
  },
);
