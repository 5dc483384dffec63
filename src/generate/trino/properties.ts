/** A file as Java reads settings: a line each, below one that says what they are. */
export const propertiesText = (about: string, entries: readonly (readonly [string, string])[]): string =>
  `# ${about}\n${entries.map(([name, value]) => `${name}=${value}\n`).join('')}`

/** What Trino puts in place of it: a setting of its own environment. */
export const fromEnvironment = (name: string): string => `\${ENV:${name}}`
