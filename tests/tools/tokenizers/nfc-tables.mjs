// Purpose: writes src/TreeRl.Core/Models/Tokenizers/NfcTables.Data.cs, the data of Unicode normalisation form C, from the Unicode data in Node's ICU.
// Run:     node tests/tools/tokenizers/nfc-tables.mjs > src/TreeRl.Core/Models/Tokenizers/NfcTables.Data.cs
// Time:    about ten seconds.
//
// Combining classes are not exposed by JavaScript; they are read off canonical reordering: in NFD, mark c moves before mark r
// exactly when 0 < class(c) < class(r). One mark of each class, from the Unicode Character Database, serves as r.
import { deflateRawSync } from 'node:zlib';

// combining class -> one code point that has it
const marks = {
    1: 0x334, 6: 0x16FF0, 7: 0x93C, 8: 0x3099, 9: 0x94D, 10: 0x5B0, 11: 0x5B1, 12: 0x5B2, 13: 0x5B3, 14: 0x5B4, 15: 0x5B5, 16: 0x5B6,
    17: 0x5B7, 18: 0x5B8, 19: 0x5B9, 20: 0x5BB, 21: 0x5BC, 22: 0x5BD, 23: 0x5BF, 24: 0x5C1, 25: 0x5C2, 26: 0xFB1E, 27: 0x64B, 28: 0x64C,
    29: 0x64D, 30: 0x64E, 31: 0x64F, 32: 0x650, 33: 0x651, 34: 0x652, 35: 0x670, 36: 0x711, 84: 0xC55, 91: 0xC56, 103: 0xE38, 107: 0xE48,
    118: 0xEB8, 122: 0xEC8, 129: 0xF71, 130: 0xF72, 132: 0xF74, 202: 0x321, 214: 0x1DCE, 216: 0x31B, 218: 0x302A, 220: 0x316, 222: 0x59A,
    224: 0x302E, 226: 0x1D16D, 228: 0x5AE, 230: 0x300, 232: 0x315, 233: 0x35C, 234: 0x35D, 240: 0x345,
};
const ranks = Object.keys(marks).map(Number).sort((a, b) => a - b);
const text = (...points) => String.fromCodePoint(...points);
const movesBefore = (c, r) => c !== r && text(0x78, r, c).normalize('NFD') === text(0x78, c, r);

function combiningClass(c) {
    const below = ranks.filter(rank => marks[rank] !== c && movesBefore(c, marks[rank])); // classes above c's
    const above = ranks.filter(rank => marks[rank] !== c && movesBefore(marks[rank], c)); // classes below c's
    if (below.length === 0 && above.length === 0) return 0;
    const own = ranks.filter(rank => !below.includes(rank) && !above.includes(rank));
    if (own.length !== 1) throw new Error(`class of ${c.toString(16)} is not settled: ${own}`);
    return own[0];
}

const bytes = [];
const number = n => { while (n >= 128) { bytes.push((n & 127) | 128); n >>= 7; } bytes.push(n); };

const classes = [];
const decompositions = [];
for (let c = 0; c < 0x110000; c++) {
    if ((c >= 0xD800 && c < 0xE000) || (c >= 0xAC00 && c < 0xD7A4)) continue; // surrogates; Hangul is arithmetic
    const character = text(c);
    const nfd = character.normalize('NFD');
    if (nfd !== character) {
        const parts = [...nfd].map(x => x.codePointAt(0));
        decompositions.push({ c, parts, composes: parts.length > 1 && nfd.normalize('NFC') === character });
    } else if (/\p{M}/u.test(character)) {
        const value = combiningClass(c);
        if (value > 0) classes.push({ c, value });
    }
}

const ranges = [];
for (const { c, value } of classes) {
    const last = ranges.at(-1);
    if (last && last.value === value && last.start + last.length === c) last.length++;
    else ranges.push({ start: c, length: 1, value });
}
number(ranges.length);
let previous = 0;
for (const { start, length, value } of ranges) {
    number(start - previous);
    number(length);
    number(value);
    previous = start;
}
number(decompositions.length);
previous = 0;
for (const { c, parts, composes } of decompositions) {
    number(c - previous);
    number(parts.length * 2 + (composes ? 1 : 0));
    for (const part of parts) number(part);
    previous = c;
}

const base64 = deflateRawSync(Buffer.from(bytes), { level: 9 }).toString('base64');
const lines = base64.match(/.{1,120}/g).map(line => `        ${line}`).join('\n');
console.log(`namespace TreeRl.Models;

/// <summary>The data of <see cref="NfcTables"/>, written by tests/tools/tokenizers/nfc-tables.mjs from Unicode ${process.versions.unicode}.</summary>
internal static class NfcTablesData
{
    /// <summary>
    /// Base64 of a raw deflate stream of numbers, seven bits a byte, low bits first, the eighth bit set on all but the last byte of a number.
    /// First the count of ranges of combining classes, each as distance to the start of the range before, length and class; then the count of characters with a
    /// canonical decomposition, each as distance to the one before, twice the length of its full decomposition plus 1 if that composes to it again, and the parts.
    /// </summary>
    public const string Packed = """
${lines}
        """;
}`);
console.error(`${ranges.length} ranges of classes (${classes.length} marks), ${decompositions.length} decompositions, ${bytes.length} bytes, ${base64.length} characters`);
