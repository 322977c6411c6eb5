"""Makes the golden adapters in tests/TreeRl.Core.Tests/Models/Adapters/golden from the golden models beside them.

An adapter is random; its logits are computed with PyTorch in double precision from the formulas that the README of the golden models
names, with y = x W' + (alpha / r) (x A') B' added where a layer has one. Nothing is shared with the repository's own code.

run: python3 tests/tools/adapters/golden.py
"""

import json
import math
import os
import struct

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "..", "..", "TreeRl.Core.Tests", "Models")
SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TYPES = {"F32": (torch.float32, 4), "F16": (torch.float16, 2), "BF16": (torch.bfloat16, 2)}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, stop = (8 + length + at for at in entry["data_offsets"])
        kind, _ = TYPES[entry["dtype"]]
        tensors[name] = torch.frombuffer(bytearray(data[start:stop]), dtype=kind).reshape(entry["shape"]).double()
    return tensors


def write_safetensors(path, tensors, dtype):
    kind, size = TYPES[dtype]
    header, blocks, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(tensors):
        block = tensors[name].to(kind).contiguous()
        header[name] = {"dtype": dtype, "shape": list(block.shape), "data_offsets": [at, at + size * block.numel()]}
        at += size * block.numel()
        blocks.append(bytes(block.view(torch.int32 if size == 4 else torch.int16).numpy().tobytes()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def logits_of(config, weights, adapter, scale, ids):
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    size = config.get("head_dim") or config["hidden_size"] // heads
    base = config.get("rope_theta") or config["rope_parameters"]["rope_theta"]
    eps, count = config["rms_norm_eps"], len(ids)

    def linear(x, name):
        y = x @ weights[name + ".weight"].T
        if name + ".bias" in weights:
            y = y + weights[name + ".bias"]
        if name in adapter:
            down, up = adapter[name]
            y = y + scale * ((x @ down.T) @ up.T)
        return y

    def norm(x, gain):
        return gain * x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps)

    angle = torch.arange(count).double()[:, None] * base ** (-torch.arange(0, size, 2).double() / size)
    cosine, sine = torch.cat([angle.cos()] * 2, -1), torch.cat([angle.sin()] * 2, -1)

    def turn(x):
        half = torch.cat([-x[..., size // 2 :], x[..., : size // 2]], -1)
        return x * cosine + half * sine

    x = weights["model.embed_tokens.weight"][ids]
    hidden = torch.full((count, count), -math.inf).double().triu(1)
    for block in range(config["num_hidden_layers"]):
        at = f"model.layers.{block}."
        h = norm(x, weights[at + "input_layernorm.weight"])
        q = linear(h, at + "self_attn.q_proj").reshape(count, heads, size).transpose(0, 1)
        k = linear(h, at + "self_attn.k_proj").reshape(count, groups, size).transpose(0, 1)
        v = linear(h, at + "self_attn.v_proj").reshape(count, groups, size).transpose(0, 1)
        if at + "self_attn.q_norm.weight" in weights:
            q = norm(q, weights[at + "self_attn.q_norm.weight"])
            k = norm(k, weights[at + "self_attn.k_norm.weight"])
        k = turn(k).repeat_interleave(heads // groups, 0)
        v = v.repeat_interleave(heads // groups, 0)
        mixed = torch.softmax(turn(q) @ k.transpose(1, 2) / math.sqrt(size) + hidden, -1) @ v
        x = x + linear(mixed.transpose(0, 1).reshape(count, heads * size), at + "self_attn.o_proj")
        h = norm(x, weights[at + "post_attention_layernorm.weight"])
        gate = linear(h, at + "mlp.gate_proj")
        x = x + linear(gate * torch.sigmoid(gate) * linear(h, at + "mlp.up_proj"), at + "mlp.down_proj")
    return linear(norm(x, weights["model.norm.weight"]), "lm_head")


def make(name, model, rank, alpha, layers, dtype, blocks=None):
    folder = os.path.join(TESTS, "HuggingFace", "golden", model)
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    with open(os.path.join(folder, "golden.json")) as file:
        golden = json.load(file)
    weights = read_safetensors(os.path.join(folder, "model.safetensors"))
    if config["tie_word_embeddings"]:
        weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
    seed = torch.Generator().manual_seed(len(name) + rank)
    adapter, tensors = {}, {}
    places = [key[:-7] for key in sorted(weights) if key.endswith("_proj.weight") or key == "lm_head.weight"]
    for place in places:
        if place.split(".")[-1] not in layers:
            continue
        if blocks is not None and place != "lm_head" and int(place.split(".")[2]) not in blocks:
            continue
        outputs, inputs = weights[place + ".weight"].shape
        kind, _ = TYPES[dtype]
        down = (torch.randn(rank, inputs, generator=seed).double() * 0.3).to(kind).double()
        up = (torch.randn(outputs, rank, generator=seed).double() * 0.3).to(kind).double()
        adapter[place] = (down, up)
        tensors[f"base_model.model.{place}.lora_A.weight"] = down
        tensors[f"base_model.model.{place}.lora_B.weight"] = up
    logits = logits_of(config, weights, adapter, alpha / rank, golden["ids"])
    plain = logits_of(config, weights, {}, 1, golden["ids"])
    assert (plain[golden["positions"]] - torch.tensor(golden["logits"]).double()).abs().max() < 1e-6
    assert (plain - logits).abs().max() > 1
    to = os.path.join(TESTS, "Adapters", "golden", name)
    os.makedirs(to, exist_ok=True)
    write_safetensors(os.path.join(to, "adapter_model.safetensors"), tensors, dtype)
    with open(os.path.join(to, "adapter_config.json"), "w") as file:
        json.dump(
            {
                "alpha_pattern": {}, "auto_mapping": None, "base_model_name_or_path": model, "bias": "none", "fan_in_fan_out": False,
                "inference_mode": True, "init_lora_weights": True, "layer_replication": None, "layers_pattern": None,
                "layers_to_transform": blocks, "loftq_config": {}, "lora_alpha": alpha, "lora_dropout": 0.05, "megatron_config": None,
                "megatron_core": "megatron.core", "modules_to_save": None, "peft_type": "LORA", "r": rank, "rank_pattern": {}, "revision": None,
                "target_modules": layers, "task_type": "CAUSAL_LM", "use_dora": False, "use_rslora": False,
            },
            file, indent=2,
        )
    rows = [[round(value, 7) for value in row] for row in logits[golden["positions"]].tolist()]
    with open(os.path.join(to, "golden.json"), "w") as file:
        json.dump({"model": model, "ids": golden["ids"], "positions": golden["positions"], "logits": rows}, file)
    print(name, sum(tensor.numel() for tensor in tensors.values()), "parameters")


make("llama-attention", "llama", 4, 8, ["v_proj", "q_proj"], "F32")
make("qwen3-all-and-tied-head", "qwen3", 3, 5, SEVEN + ["lm_head"], "F32")
make("qwen3-second-block", "qwen3", 17, 16, ["down_proj", "o_proj"], "BF16", [1])
