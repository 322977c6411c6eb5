// Purpose: writes the golden data of the tokenizer tests: texts, and the ids that the reference implementation gives for them.
// Run:     node tests/tools/tokenizers/goldens.cjs <folder of vocabularies.mjs> tests/TreeRl.Core.Tests/Models/Tokenizers/golden
//          where the npm package "tokenizers" can be found (version in the README of the test folder).
// Time:    about a minute.
//
// texts.gz:      for each text its length in UTF-16 units as a varint, then the units, low byte first.
// <name>.json.gz the vocabulary.
// <name>.ids.gz: for each of the first texts the count of its ids and the ids, all varints; for each text after them the 32-bit FNV-1a hash over its ids, low
//                byte first. The number of texts with ids in full comes first, as a varint.
const { readFileSync, writeFileSync, mkdirSync, readdirSync } = require('node:fs');
const { join, basename } = require('node:path');
const { gzipSync } = require('node:zlib');
const { Tokenizer, nfcNormalizer } = require(require.resolve('tokenizers', { paths: [process.cwd()] }));

const [from, to] = process.argv.slice(2);
const generated = 10500, inFull = 1400;

const varint = (n, into) => { while (n >= 128) { into.push((n % 128) | 128); n = Math.floor(n / 128); } into.push(n); };
const zip = bytes => gzipSync(Buffer.from(bytes), { level: 9 });

(async () => {
    const { texts, fixedTexts } = await import('./texts.mjs');
    const nfc = nfcNormalizer();
    // The reference implementation normalises by an older Unicode version: texts on which it differs from this one are left out.
    const usable = text => nfc.normalizeString(text.toWellFormed()) === text.toWellFormed().normalize('NFC');
    const fixed = fixedTexts().filter(usable), made = texts(4711, generated).filter(usable);
    const all = [...fixed, ...made], full = fixed.length + inFull;
    mkdirSync(to, { recursive: true });

    const bytes = [];
    for (const text of all) {
        varint(text.length, bytes);
        for (let i = 0; i < text.length; i++) bytes.push(text.charCodeAt(i) & 255, text.charCodeAt(i) >> 8);
    }
    writeFileSync(join(to, 'texts.gz'), zip(bytes));

    for (const name of readdirSync(from).filter(file => file.endsWith('.json')).map(file => basename(file, '.json'))) {
        const json = readFileSync(join(from, `${name}.json`));
        const tokenizer = Tokenizer.fromString(json.toString());
        const out = [];
        varint(full, out);
        for (const [index, text] of all.entries()) {
            const ids = (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
            if (index < full) {
                varint(ids.length, out);
                for (const id of ids) varint(id, out);
            } else {
                let hash = 2166136261;
                for (const id of ids) hash = Math.imul(hash ^ id, 16777619);
                for (let shift = 0; shift < 32; shift += 8) out.push((hash >>> shift) & 255);
            }
        }
        writeFileSync(join(to, `${name}.json.gz`), gzipSync(json, { level: 9 }));
        writeFileSync(join(to, `${name}.ids.gz`), zip(out));
    }
    console.log(`${all.length} texts, ${full} with ids in full, ${fixedTexts().length + generated - all.length} left out`);
})();
