// The PostgreSQL server of the tests: how to connect, and who is connected.
import { service, type Library, type Service } from './support.ts'

export const pgServer: Service = service('PG', 5432)

/** From the environment, or as it stands on this machine. */
export const pgSettings: object = {
  ...pgServer,
  user: process.env['GREENHOUSE_PG_USER'] ?? 'postgres',
  password: process.env['GREENHOUSE_PG_PASSWORD'],
  database: process.env['GREENHOUSE_PG_DATABASE'] ?? 'test',
}

/** How many connections an application has there. */
export async function pgBackends(watcher: Library, name: string): Promise<number> {
  const { rows } = await watcher.query(
    'select count(*)::int as n from pg_stat_activity where application_name = $1',
    [name],
  )
  return rows[0].n
}
