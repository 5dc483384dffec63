import { type Figure, isMet } from './figure.ts'
import type { Machine } from './machine.ts'

const HEAD = ['figure', 'measured', 'floor', 'ratio', 'A/A', 'goal', '']

/** The table as Markdown, which a terminal shows well enough. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(3, ...rows.map(row => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map(width => '-'.repeat(width))), ...body.map(line)].join('\n')
}

function cellsOf(figure: Figure): string[] {
  const { title, unit, value, floor, ratio, control, goal } = figure
  const met = isMet(figure)
  return [
    title,
    `${number(value)} ${unit}`,
    floor === undefined ? '' : `${number(floor.value)} ${unit}: ${floor.title}`,
    ratio?.toFixed(2) ?? '',
    control?.toFixed(2) ?? '',
    goal === undefined ? 'as measured' : 'least' in goal ? `≥ ${goal.least}` : `≤ ${goal.most} ${unit}`,
    met === undefined ? '' : met ? 'met' : 'not met',
  ]
}

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value >= 10 ? 1 : 2)

export function markdownOf(machine: Machine, figures: readonly Figure[]): string {
  const facts = Object.entries(machine).map(([fact, value]) => `- ${fact}: ${value}`)
  const notes = figures.flatMap(({ title, notes }) => notes.map(note => `- ${title}: ${note}`))
  return [...facts, '', tableOf(figures), '', ...notes].join('\n')
}
