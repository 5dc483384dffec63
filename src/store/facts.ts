/** What was fixed when an event was accepted, by table and column: of a table of a row an item, one for each of its rows. */
export type Facts = Readonly<Record<string, Fact | readonly Fact[]>>
export type Fact = string | number | null
