// Purpose: trains the small vocabularies of the tokenizer tests on made texts and writes them as tokenizer.json files, one for each form that is supported.
// Run:     node tests/tools/tokenizers/vocabularies.mjs <folder>
// Time:    about a minute.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { texts } from './texts.mjs';

const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
const llama = digits => String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
const llamaForJs = digits => llama(digits).replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "'(?:[sStTmMdDſ]|[rR][eE]|[vV][eE]|[lL][lL])");

// bytes as printable characters
const byteChars = [];
for (let b = 0, n = 256; b < 256; b++)
    byteChars.push(String.fromCharCode((b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174 ? b : n++));
const toByteChars = text => [...new TextEncoder().encode(text)].map(b => byteChars[b]).join('');

/** Byte-pair training: words with their counts -> merges, most frequent pair first, ties by the pair's text. */
function train(words, count) {
    const list = [...words].map(([word, n]) => ({ symbols: [...word], n }));
    const merges = [];
    const pairs = new Map(); // "a b" -> { n, where: set of words }
    const note = (index, sign) => {
        const { symbols, n } = list[index];
        for (let i = 0; i + 1 < symbols.length; i++) {
            const key = `${symbols[i]} ${symbols[i + 1]}`;
            const pair = pairs.get(key) ?? { n: 0, where: new Set() };
            pair.n += sign * n;
            pair.where.add(index);
            pairs.set(key, pair);
        }
    };
    list.forEach((_, i) => note(i, 1));
    while (merges.length < count) {
        let best = null, most = 1;
        for (const [key, { n }] of pairs) if (n > most || (n === most && best !== null && key < best)) { best = key; most = n; }
        if (best === null) break;
        const [left, right] = best.split(' ');
        merges.push([left, right]);
        for (const index of pairs.get(best).where) {
            note(index, -1);
            const symbols = list[index].symbols, joined = [];
            for (let i = 0; i < symbols.length; i++)
                if (i + 1 < symbols.length && symbols[i] === left && symbols[i + 1] === right) { joined.push(left + right); i++; }
                else joined.push(symbols[i]);
            list[index].symbols = joined;
            note(index, 1);
        }
        for (const [key, { n }] of pairs) if (n === 0) pairs.delete(key);
    }
    return merges;
}

const common = ['english', 'english', 'english', 'script', 'code', 'spaces', 'arithmetic', 'emoji', 'contractions', 'digits'];
const trainingTexts = texts(20001, 9000, common);

function countWords(cut) {
    const counts = new Map();
    for (const text of trainingTexts) for (const word of cut(text.toWellFormed())) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
}

const added = (id, content, more = {}) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...more });

function file(parts) {
    return { version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...parts };
}

function bpe(vocab, merges, more = {}) {
    return {
        type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, ignore_merges: false,
        vocab, merges, ...more,
    };
}

function vocabulary(alphabet, merges, extra = []) {
    const vocab = {};
    for (const token of [...alphabet, ...merges.map(pair => pair.join('')), ...extra]) if (!(token in vocab)) vocab[token] = Object.keys(vocab).length;
    return vocab;
}

const byteLevel = (prefix, regex) => ({ type: 'ByteLevel', add_prefix_space: prefix, trim_offsets: true, use_regex: regex });
const split = regex => ({ type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false });
const wordsBy = regex => countWords(text => [...text.matchAll(new RegExp(regex, 'gu'))].map(m => toByteChars(m[0])));
const byteAlphabet = [...byteChars].sort((a, b) => a.codePointAt(0) - b.codePointAt(0));
const asText = merges => merges.map(pair => pair.join(' '));

const files = {};
{
    const merges = train(wordsBy(gpt2), 2600);
    const vocab = vocabulary(byteAlphabet, merges);
    const n = Object.keys(vocab).length;
    const decoder = byteLevel(true, true);
    files.gpt2 = file({
        added_tokens: [added(n, '<|endoftext|>')],
        pre_tokenizer: byteLevel(false, true), post_processor: byteLevel(true, true), decoder, model: bpe(vocab, asText(merges)),
    });
    const small = asText(merges).slice(0, 800);
    const smallVocab = vocabulary(byteAlphabet, merges.slice(0, 800));
    const m = Object.keys(smallVocab).length;
    files.prefix = file({
        added_tokens: [
            added(m, '<s>'), added(m + 1, '<mask>', { lstrip: true }), added(m + 2, '<mark>', { lstrip: true, rstrip: true }), added(m + 3, '</s>', { rstrip: true }),
            added(m + 4, '<word>', { single_word: true, special: false }), added(m + 5, '<tool>', { special: false, normalized: true }), added(m + 6, '<tool_call>', { special: false, normalized: true }),
            added(m + 7, '<<s>>'),
        ],
        pre_tokenizer: byteLevel(true, true), decoder, model: bpe(smallVocab, small),
    });
    files.digits = file({
        added_tokens: [added(m, '<|im_start|>'), added(m + 1, '<|im_end|>')],
        pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, byteLevel(false, true)] }, decoder, model: bpe(smallVocab, small),
    });
}
{
    const merges = train(wordsBy(llamaForJs(String.raw`\p{N}{1,3}`)), 2600);
    // Words that no merge makes: with ignore_merges they are tokens all the same.
    const whole = ['Ġapples', 'Ġequals', 'xyzzy', 'Ġſ', '???', 'ĠĠĠĠĠĠĠĠĠĠĠĠĠ', '123', '456', 'Ã©Ã©'];
    const vocab = vocabulary(byteAlphabet, merges, whole);
    const n = Object.keys(vocab).length;
    const names = ['<|begin_of_text|>', '<|end_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'];
    files.llama3 = file({
        added_tokens: names.map((name, i) => added(n + i, name)),
        pre_tokenizer: { type: 'Sequence', pretokenizers: [split(llama(String.raw`\p{N}{1,3}`)), byteLevel(false, false)] },
        post_processor: { type: 'Sequence', processors: [byteLevel(true, true), {
            type: 'TemplateProcessing',
            single: [{ SpecialToken: { id: names[0], type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
            pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
            special_tokens: { [names[0]]: { id: names[0], ids: [n], tokens: [names[0]] } },
        }] },
        decoder: byteLevel(true, true), model: bpe(vocab, asText(merges), { ignore_merges: true }),
    });
}
{
    const merges = train(wordsBy(llamaForJs(String.raw`\p{N}`)), 2200);
    const vocab = vocabulary(byteAlphabet, merges);
    const n = Object.keys(vocab).length;
    files.qwen = file({
        added_tokens: [
            added(n, '<|endoftext|>'), added(n + 1, '<|im_start|>'), added(n + 2, '<|im_end|>'), added(n + 3, '<think>', { special: false }),
            added(n + 4, '</think>', { special: false }), added(n + 5, '<é>', { special: false, normalized: true }),
        ],
        normalizer: { type: 'NFC' },
        pre_tokenizer: { type: 'Sequence', pretokenizers: [split(llama(String.raw`\p{N}`)), byteLevel(false, false)] },
        decoder: byteLevel(false, false), model: bpe(vocab, merges),
    });
}
{
    const words = countWords(text => `▁${text.replaceAll(' ', '▁')}`.match(/▁+[^▁]*|[^▁]+/g) ?? []);
    const merges = train(words, 2400);
    const seen = new Map();
    for (const [word, n] of words) for (const c of word) seen.set(c, (seen.get(c) ?? 0) + n);
    const alphabet = [...seen].filter(([, n]) => n > 3).map(([c]) => c).sort();
    const kept = merges.filter(pair => [...pair.join('')].every(c => seen.get(c) > 3));
    const bytes = Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`);
    const control = ['<unk>', '<s>', '</s>'];
    const vocab = vocabulary([...control, ...bytes], kept, alphabet);
    const replaceBack = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };
    const template = {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
        special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    };
    files.llama2 = file({
        added_tokens: control.map((name, i) => added(i, name)),
        normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }] },
        post_processor: template,
        decoder: { type: 'Sequence', decoders: [replaceBack, { type: 'ByteFallback' }, { type: 'Fuse' }, { type: 'Strip', content: ' ', start: 1, stop: 0 }] },
        model: bpe(vocab, asText(kept), { unk_token: '<unk>', fuse_unk: true, byte_fallback: true }),
    });
    const few = kept.slice(0, 900);
    const smallVocab = vocabulary(control, few, alphabet.filter((_, i) => i % 5 > 0));
    const complete = few.filter(pair => pair.every(part => part in smallVocab));
    const metaspace = (scheme, cuts) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme: scheme, split: cuts });
    const n = Object.keys(smallVocab).length;
    files.metaspace = file({
        added_tokens: [...control.map((name, i) => added(i, name)), added(n, '<mask>', { lstrip: true }), added(n + 1, '<mark>', { special: false, normalized: true })],
        pre_tokenizer: metaspace('first', true), decoder: metaspace('first', true),
        model: bpe(smallVocab, asText(complete), { unk_token: '<unk>', fuse_unk: true }),
    });
    files.unfused = file({
        added_tokens: control.map((name, i) => added(i, name)),
        pre_tokenizer: metaspace('always', false), decoder: metaspace('always', false),
        model: bpe(smallVocab, asText(complete), { unk_token: '<unk>', fuse_unk: false }),
    });
}

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(content));
    console.log(name, Object.keys(content.model.vocab).length, 'tokens', content.model.merges.length, 'merges', JSON.stringify(content).length, 'bytes');
}
