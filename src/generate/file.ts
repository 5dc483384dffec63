/** A text that is made from declarations, and where it goes below the folder that was asked for. */
export type GeneratedFile = { readonly path: string; readonly text: string }
