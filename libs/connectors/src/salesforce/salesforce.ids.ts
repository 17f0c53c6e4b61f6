/** Fifteen characters tell records apart by case; the other three spell that case out. */
export function isSalesforceId(id: string): boolean {
  return /^[A-Za-z0-9]{15}$/.test(id) || (/^[A-Za-z0-9]{18}$/.test(id) && to18(id.slice(0, 15)) === id);
}

/** The 18-character form, in which ids can be compared and stored: one record has one external id. */
export function to18(id: string): string {
  if (id.length !== 15) return id;
  return id + [0, 5, 10].map((start) => caseMark(id.slice(start, start + 5))).join('');
}

function caseMark(five: string): string {
  const bits = [...five].reduce((sum, letter, place) => sum + (/[A-Z]/.test(letter) ? 1 << place : 0), 0);
  return MARKS.charAt(bits);
}

const MARKS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
