import { csvFileOf } from './csv.ts';

/** The one way in which rows leave a page. */
export function downloadCsv(name: string, rows: readonly (readonly string[])[]): void {
  download(`${name}.csv`, csvFileOf(rows), 'text/csv;charset=utf-8');
}

/** Hands the person a file that the page made. */
export function download(name: string, text: string, type: string): void {
  downloadBlob(name, new Blob([text], { type }));
}

/** The same with one that came from the server. It is kept by the browser and never shown in the page. */
export function downloadBlob(name: string, bytes: Blob): void {
  const url = URL.createObjectURL(bytes);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
