/* fields.c: the table of every input. A new input is one row here and one field in its struct. */
#include "fields.h"

#include "flopcast/chip.h"
#include "flopcast/cluster.h"
#include "flopcast/deal.h"
#include "flopcast/model.h"
#include "flopcast/plan.h"
#include "flopcast/search.h"
#include "flopcast/study.h"
#include "flopcast/workload.h"

#include <stddef.h>

#define NUMBER(noun, member, key_text, unit_id, low, high, help_text)                                                  \
    {                                                                                                                  \
        .key = (key_text), .kind = FC_FIELD_F64, .unit = (unit_id), .offset = offsetof(noun, member), .least = (low),  \
        .most = (high), .help = (help_text)                                                                            \
    }
#define WHOLE32(noun, member, key_text, low, high, help_text)                                                          \
    {                                                                                                                  \
        .key = (key_text), .kind = FC_FIELD_U32, .unit = FC_UNIT_COUNT, .offset = offsetof(noun, member),              \
        .least = (low), .most = (high), .help = (help_text)                                                            \
    }
#define WHOLE64(noun, member, key_text, low, high, help_text)                                                          \
    {                                                                                                                  \
        .key = (key_text), .kind = FC_FIELD_U64, .unit = FC_UNIT_COUNT, .offset = offsetof(noun, member),              \
        .least = (low), .most = (high), .help = (help_text)                                                            \
    }
#define SWITCH(noun, member, key_text, help_text)                                                                      \
    { .key = (key_text), .kind = FC_FIELD_BOOL, .offset = offsetof(noun, member), .most = 1, .help = (help_text) }
#define CHOICE(noun, member, key_text, allowed, help_text)                                                             \
    {                                                                                                                  \
        .key = (key_text), .kind = FC_FIELD_ENUM, .offset = offsetof(noun, member), .names = (allowed),                \
        .help = (help_text)                                                                                            \
    }
#define CHOICE_ALSO(noun, member, key_text, allowed, spellings, help_text)                                             \
    {                                                                                                                  \
        .key = (key_text), .kind = FC_FIELD_ENUM, .offset = offsetof(noun, member), .names = (allowed),                \
        .aliases = (spellings), .help = (help_text)                                                                    \
    }
#define WORDS(noun, member, key_text, help_text)                                                                       \
    {                                                                                                                  \
        .key = (key_text), .kind = FC_FIELD_TEXT, .offset = offsetof(noun, member),                                    \
        .size = sizeof(((noun *)0)->member), .help = (help_text)                                                       \
    }

static const char *const attention_names[] = {"grouped", "mla", NULL};
static const char *const ffn_names[] = {"gated", "plain", NULL};
/* The words of RUNS.csv and of papers for the same things: a word, then the name it stands for. */
static const char *const attention_words[] = {"mha", "grouped", "gqa", "grouped", "mqa", "grouped", NULL};
static const char *const ffn_words[] = {"swiglu",
                                        "gated",
                                        "geglu",
                                        "gated",
                                        "gelu-gated",
                                        "gated",
                                        "reglu",
                                        "gated",
                                        "glu",
                                        "gated",
                                        "gelu",
                                        "plain",
                                        "relu",
                                        "plain",
                                        "relu (non-gated)",
                                        "plain",
                                        "relu2",
                                        "plain",
                                        "mlp",
                                        "plain",
                                        "squared_relu",
                                        "plain",
                                        "squared_relu (non-gated)",
                                        "plain",
                                        NULL};
static const char *const norm_words[] = {"rmsnorm", "rms", "layernorm", "layer", NULL};
static const char *const dtype_words[] = {"float64", "fp64",     "float32", "fp32", "float16",
                                          "fp16",    "bfloat16", "bf16",    NULL};
static const char *const norm_names[] = {"rms", "layer", "layer-scale", "none", NULL};
static const char *const position_names[] = {"rope", "learned", "relative", NULL};
static const char *const topology_names[] = {"switched", "torus", "mesh", NULL};
static const char *const dtype_names[] = {"fp64", "fp32",  "tf32",  "fp16", "bf16",
                                          "fp8",  "mxfp8", "nvfp4", "int8", NULL};
static const char *const workload_names[] = {"pretrain", "finetune", NULL};
static const char *const rank_order_names[] = {"tp-cp-ep-dp-pp", "tp-cp-ep-pp-dp", "tp-ep-cp-dp-pp", NULL};
static const char *const optimizer_names[] = {"adam", "adam-bf16", "adam-8bit", "muon", "adafactor", NULL};
static const char *const schedule_names[] = {"auto", "gpipe", "1f1b", "interleaved", "zero-bubble", "dualpipe", NULL};
static const char *const recompute_names[] = {"auto", "none", "selective", "full", NULL};
static const char *const space_names[] = {"default", "wide", NULL};
static const char *const flop_names[] = {"model_full", "model_causal", "hardware", NULL};
static const char *const status_names[] = {"unknown", "operating", "contracted", "loi", "announced", NULL};

static const fc_field model_fields[] = {
    WHOLE32(fc_model, layers_count, "layers", 1, FC_MAX_LAYERS, "decoder layers"),
    WHOLE32(fc_model, hidden, "hidden", 1, 4194304, "width of the residual stream"),
    WHOLE32(fc_model, heads, "heads", 0, 1048576, "query heads (0 in an attention-free model)"),
    WHOLE32(fc_model, kv_heads, "kv_heads", 0, 1048576, "key/value heads; left out: as many as heads"),
    WHOLE32(fc_model, head_dim, "head_dim", 0, 65536, "size of one head; left out: hidden / heads"),
    WHOLE64(fc_model, vocab, "vocab", 1, 1e9, "vocabulary, padding that is trained included"),
    WHOLE64(fc_model, max_positions, "max_positions", 0, 1e9, "entries of a learned position table"),
    WHOLE64(fc_model, seq_len, "seq_len", 0, 1e9, "tokens of a training sequence"),
    CHOICE_ALSO(fc_model, attention, "attention", attention_names, attention_words, "grouped (MHA, GQA, MQA) or mla"),
    WHOLE32(fc_model, q_lora_rank, "q_lora_rank", 0, 1048576, "MLA: rank of the query compression; 0: none"),
    WHOLE32(fc_model, kv_lora_rank, "kv_lora_rank", 0, 1048576, "MLA: rank of the key/value compression"),
    WHOLE32(fc_model, qk_nope_head_dim, "qk_nope_head_dim", 0, 65536, "MLA: part of a head without rotation"),
    WHOLE32(fc_model, qk_rope_head_dim, "qk_rope_head_dim", 0, 65536, "MLA: rotated part of a head"),
    WHOLE32(fc_model, v_head_dim, "v_head_dim", 0, 65536, "size of a value head; left out: head_dim"),
    WORDS(fc_model, attention_pattern, "attention_pattern",
          "one letter a layer, repeated: G global, L window, C chunked, M Mamba-2, D gated delta, - none"),
    WHOLE64(fc_model, window, "window", 0, 1e9, "keys seen in an L layer, or the chunk of a C layer"),
    WORDS(fc_model, ffn_pattern, "ffn_pattern", "one letter a layer, repeated: D dense, M mixture of experts, - none"),
    WHOLE32(fc_model, dense_layers, "dense_layers", 0, FC_MAX_LAYERS, "first layers that are dense in an MoE model"),
    WHOLE64(fc_model, ffn_hidden, "ffn_hidden", 0, 1e9, "width of a dense feed-forward block"),
    CHOICE_ALSO(fc_model, ffn_type, "ffn_type", ffn_names, ffn_words,
                "gated (3 matrices: SwiGLU, GeGLU) or plain (2: GELU, ReLU)"),
    WHOLE32(fc_model, experts, "experts", 0, 1048576, "routed experts of an MoE layer"),
    WHOLE32(fc_model, experts_per_token, "experts_per_token", 0, 1048576, "routed experts a token visits"),
    WHOLE32(fc_model, expert_groups, "expert_groups", 0, 65536,
            "equal groups of experts that a router chooses among first; 0: none"),
    WHOLE32(fc_model, expert_groups_per_token, "expert_groups_per_token", 0, 65536,
            "groups that a token's experts may lie in"),
    WHOLE64(fc_model, moe_ffn_hidden, "moe_ffn_hidden", 0, 1e9, "width of one routed expert; left out: ffn_hidden"),
    WHOLE32(fc_model, shared_experts, "shared_experts", 0, 1024, "experts every token visits"),
    WHOLE64(fc_model, shared_ffn_hidden, "shared_ffn_hidden", 0, 1e9,
            "width of one shared expert; left out: moe_ffn_hidden"),
    SWITCH(fc_model, shared_expert_gate, "shared_expert_gate", "a hidden x 1 gate on the shared experts"),
    SWITCH(fc_model, router_bias, "router_bias", "one trained bias an expert"),
    SWITCH(fc_model, expert_bias, "expert_bias", "biases inside the experts"),
    SWITCH(fc_model, attention_sinks, "attention_sinks", "one trained scalar a head"),
    SWITCH(fc_model, qkv_bias, "qkv_bias", "biases on queries, keys and values"),
    SWITCH(fc_model, attention_out_bias, "attention_out_bias", "a bias on attention's output"),
    SWITCH(fc_model, ffn_bias, "ffn_bias", "biases in the dense feed-forward block"),
    SWITCH(fc_model, logits_bias, "logits_bias", "a bias on the logits"),
    SWITCH(fc_model, tied_embeddings, "tied_embeddings", "input table and output matrix are one"),
    SWITCH(fc_model, parallel_block, "parallel_block", "attention and feed-forward side by side"),
    SWITCH(fc_model, embedding_norm, "embedding_norm", "a norm after the embedding"),
    SWITCH(fc_model, attention_gate, "attention_gate", "an output gate as wide as the heads"),
    CHOICE_ALSO(fc_model, norm, "norm", norm_names, norm_words,
                "rms, layer, layer-scale (no bias) or none (no parameters)"),
    WHOLE32(fc_model, norms_per_layer, "norms_per_layer", 0, 8, "left out: 2, or 1 in a parallel block"),
    WHOLE32(fc_model, qk_norm, "qk_norm", 0, 2, "0 none, 1 one vector a head size, 2 over the whole width"),
    CHOICE(fc_model, position, "position", position_names, "rope (also ALiBi, none), learned or relative"),
    WHOLE32(fc_model, relative_buckets, "relative_buckets", 0, 65536, "buckets of relative positions"),
    WHOLE32(fc_model, mtp_depth, "mtp_depth", 0, 64, "multi-token-prediction layers"),
    WHOLE32(fc_model, encoder_layers, "encoder_layers", 0, FC_MAX_LAYERS, "layers of the encoder, if any"),
    WHOLE64(fc_model, encoder_seq_len, "encoder_seq_len", 0, 1e9, "tokens of the encoder's sequence"),
    WHOLE32(fc_model, ssm_heads, "ssm_heads", 0, 1048576, "heads of a Mamba-2 layer; value heads of gated delta"),
    WHOLE32(fc_model, ssm_head_dim, "ssm_head_dim", 0, 65536, "size of such a head"),
    WHOLE32(fc_model, ssm_state, "ssm_state", 0, 65536, "state size; key head size of gated delta"),
    WHOLE32(fc_model, ssm_groups, "ssm_groups", 0, 65536, "B/C groups; key heads of gated delta"),
    WHOLE32(fc_model, ssm_conv, "ssm_conv", 0, 64, "width of the short convolution; left out: 4"),
    WHOLE32(fc_model, ssm_chunk, "ssm_chunk", 0, 65536, "tokens a chunk of the scan; left out: 256"),
    WHOLE64(fc_model, published_params, "published_params", 0, 1e18, "the owner's parameter count"),
    WHOLE64(fc_model, published_active_params, "published_active_params", 0, 1e18, "the owner's count per token"),
    SWITCH(fc_model, published_params_exact, "published_params_exact", "that count is exact, not rounded"),
};

#define PEAK(index, key_text)                                                                                          \
    NUMBER(fc_chip, peak_flop_per_s[index], key_text, FC_UNIT_FLOP_PER_S, 0, 1e20, "dense rate of one chip")
#define CURVE(index, suffix)                                                                                           \
    NUMBER(fc_chip, matmul[index].eff_frac, "matmul_eff_" suffix, FC_UNIT_FRAC, 0, 1,                                  \
           "share of the dense peak that large matmuls reach"),                                                        \
        NUMBER(fc_chip, matmul[index].m_half, "matmul_m_half_" suffix, FC_UNIT_COUNT, 0, 1e6,                          \
               "m at which a matmul runs at half rate"),                                                               \
        NUMBER(fc_chip, matmul[index].n_half, "matmul_n_half_" suffix, FC_UNIT_COUNT, 0, 1e6, "the same for n"),       \
        NUMBER(fc_chip, matmul[index].k_half, "matmul_k_half_" suffix, FC_UNIT_COUNT, 0, 1e6, "the same for k"),       \
        NUMBER(fc_chip, matmul_hot_frac[index], "matmul_hot_" suffix, FC_UNIT_FRAC, 0, 2,                              \
               "rate of matmuls within a step, of their rate measured alone")

static const fc_field chip_fields[] = {
    WORDS(fc_chip, vendor, "vendor", "who makes it"),
    WORDS(fc_chip, family, "family", "chips that share defaults: nvidia, amd, tpu, trainium, …"),
    {.key = "released",
     .kind = FC_FIELD_DATE,
     .unit = FC_UNIT_DATE,
     .offset = offsetof(fc_chip, released_day),
     .least = 0,
     .most = 36525,
     .help = "release date"},
    PEAK(FC_DTYPE_FP64, "peak_fp64"),
    PEAK(FC_DTYPE_FP32, "peak_fp32"),
    PEAK(FC_DTYPE_TF32, "peak_tf32"),
    PEAK(FC_DTYPE_FP16, "peak_fp16"),
    PEAK(FC_DTYPE_BF16, "peak_bf16"),
    PEAK(FC_DTYPE_FP8, "peak_fp8"),
    PEAK(FC_DTYPE_MXFP8, "peak_mxfp8"),
    PEAK(FC_DTYPE_NVFP4, "peak_nvfp4"),
    PEAK(FC_DTYPE_INT8, "peak_int8"),
    NUMBER(fc_chip, memory_bytes, "memory", FC_UNIT_BYTES, 0, 1e16, "capacity of the chip's own memory"),
    NUMBER(fc_chip, memory_bytes_per_s, "memory_bw", FC_UNIT_BYTES_PER_S, 0, 1e18, "its bandwidth"),
    NUMBER(fc_chip, l2_bytes, "l2", FC_UNIT_BYTES, 0, 1e13, "last-level cache or on-chip memory"),
    NUMBER(fc_chip, cores_count, "cores", FC_UNIT_COUNT, 0, 1e7, "SM, CU, NeuronCore, TensorCore or CPU cores"),
    NUMBER(fc_chip, clock_hz, "clock", FC_UNIT_HZ, 0, 1e12, "the clock that reproduces the peak"),
    WHOLE32(fc_chip, devices_per_chip, "devices_per_chip", 0, 64, "ranks that a chip is seen as"),
    NUMBER(fc_chip, scaleup_bytes_per_s, "scaleup_bw", FC_UNIT_BYTES_PER_S, 0, 1e16, "one way, all links of a chip"),
    NUMBER(fc_chip, scaleup_peer_bytes_per_s, "scaleup_peer_bw", FC_UNIT_BYTES_PER_S, 0, 1e16,
           "one way, to one neighbour, where less than all links"),
    WHOLE32(fc_chip, scaleup_domain_count, "scaleup_domain", 0, 1e6, "chips joined by the scale-up network"),
    CHOICE(fc_chip, scaleup_topology, "scaleup_topology", topology_names, "switched, torus or mesh"),
    NUMBER(fc_chip, scaleup_torus_side, "scaleup_torus_side", FC_UNIT_COUNT, 0, 1e4,
           "torus: chips along the longest ring"),
    NUMBER(fc_chip, scaleout_bytes_per_s, "scaleout_bw", FC_UNIT_BYTES_PER_S, 0, 1e16, "NIC share of a chip, one way"),
    WHOLE32(fc_chip, pcie_generation, "pcie_generation", 0, 10, "of a PCIe card"),
    NUMBER(fc_chip, tdp_w, "tdp", FC_UNIT_W, 0, 1e6, "the chip's own power limit"),
    NUMBER(fc_chip, server_w, "server_power", FC_UNIT_W, 0, 1e6, "server or tray, divided by its chips"),
    NUMBER(fc_chip, it_power_w, "it_power", FC_UNIT_W, 0, 1e6, "all-in IT power a chip: server, network, storage"),
    CURVE(FC_DTYPE_FP64, "fp64"),
    CURVE(FC_DTYPE_FP32, "fp32"),
    CURVE(FC_DTYPE_TF32, "tf32"),
    CURVE(FC_DTYPE_FP16, "fp16"),
    CURVE(FC_DTYPE_BF16, "bf16"),
    CURVE(FC_DTYPE_FP8, "fp8"),
    CURVE(FC_DTYPE_MXFP8, "mxfp8"),
    CURVE(FC_DTYPE_NVFP4, "nvfp4"),
    CURVE(FC_DTYPE_INT8, "int8"),
    NUMBER(fc_chip, attention_eff_frac, "attention_eff", FC_UNIT_FRAC, 0, 1,
           "share of the peak that attention reaches"),
    NUMBER(fc_chip, attention_backward_frac, "attention_backward", FC_UNIT_FRAC, 0, 2,
           "rate of flash attention's backward pass, of its forward pass"),
    NUMBER(fc_chip, attention_old_frac, "attention_old", FC_UNIT_FRAC, 0, 2,
           "rate of attention kernels written for older chips, of this chip's own"),
    NUMBER(fc_chip, memory_eff_frac, "memory_eff", FC_UNIT_FRAC, 0, 1, "share of memory_bw that large streams reach"),
    NUMBER(fc_chip, scaleup_eff_frac, "scaleup_eff", FC_UNIT_FRAC, 0, 2,
           "share of scaleup_bw that large messages reach"),
    NUMBER(fc_chip, scaleout_eff_frac, "scaleout_eff", FC_UNIT_FRAC, 0, 1,
           "share of scaleout_bw that large messages reach"),
    NUMBER(fc_chip, launch_s, "launch", FC_UNIT_S, 0, 1, "between two kernels of one stream"),
    NUMBER(fc_chip, scaleup_latency_s, "scaleup_latency", FC_UNIT_S, 0, 1, "one step of a collective, scale-up"),
    NUMBER(fc_chip, scaleout_latency_s, "scaleout_latency", FC_UNIT_S, 0, 1, "one step of a collective, scale-out"),
    NUMBER(fc_chip, power_draw_frac, "power_draw", FC_UNIT_FRAC, 0, 1, "average draw while training, of it_power"),
    NUMBER(fc_chip, failures_per_chip_h, "failures", FC_UNIT_PER_H, 0, 1,
           "unexpected stops of a job, per chip and hour"),
    NUMBER(fc_chip, host_memory_bytes, "host_memory", FC_UNIT_BYTES, 0, 1e16,
           "memory of the server, divided by its chips"),
    NUMBER(fc_chip, host_link_bytes_per_s, "host_link_bw", FC_UNIT_BYTES_PER_S, 0, 1e16,
           "to the host's memory, one way, per chip"),
    NUMBER(fc_chip, host_memory_bytes_per_s, "host_memory_bw", FC_UNIT_BYTES_PER_S, 0, 1e16,
           "bandwidth of the server's memory, divided by its chips"),
    NUMBER(fc_chip, host_eff_frac, "host_eff", FC_UNIT_FRAC, 0, 1,
           "share of host_link_bw and host_memory_bw that offloading reaches"),
};

static const fc_field cluster_fields[] = {
    NUMBER(fc_cluster, chips_count, "chips", FC_UNIT_COUNT, 1, 1e9, "chips of the cluster"),
    NUMBER(fc_cluster, sites_count, "sites", FC_UNIT_COUNT, 1, 1e4, "equal parts without a fast network between them"),
    NUMBER(fc_cluster, storage_bytes_per_s, "storage_bw", FC_UNIT_BYTES_PER_S, 0, 1e18,
           "checkpoint bandwidth of the cluster"),
    NUMBER(fc_cluster, pue, "pue", FC_UNIT_NONE, 1, 5, "facility power / IT power"),
    NUMBER(fc_cluster, restart_s, "restart", FC_UNIT_S, 0, 1e7, "from a failure to the next step"),
    NUMBER(fc_cluster, planned_stop_frac, "planned_stop", FC_UNIT_FRAC, 0, 0.99, "share of time for planned stops"),
    NUMBER(fc_cluster, detect_s, "detect", FC_UNIT_S, 0, 1e6, "until a failure is seen, before restart begins"),
    NUMBER(fc_cluster, restart_s_per_kchip, "restart_per_kchip", FC_UNIT_S, 0, 1e6,
           "more of restart for each thousand chips of the job"),
    NUMBER(fc_cluster, slow_chips_frac, "slow_chips", FC_UNIT_FRAC, 0, 0.99,
           "share of time lost to slow chips until they are found"),
};

static const fc_field tier_fields[] = {
    WORDS(fc_tier, name, "name", "scale-up, rail, leaf, spine, pod, site, …"),
    NUMBER(fc_tier, chips_count, "chips", FC_UNIT_COUNT, 1, 1e9, "chips inside one instance of the tier"),
    NUMBER(fc_tier, bytes_per_s, "bw", FC_UNIT_BYTES_PER_S, 0, 1e16, "one way, per chip, after oversubscription"),
    NUMBER(fc_tier, eff_frac, "eff", FC_UNIT_FRAC, 0, 2, "share of bw that large messages reach"),
    NUMBER(fc_tier, latency_s, "latency", FC_UNIT_S, 0, 10, "one step of a collective"),
    NUMBER(fc_tier, half_bytes, "half", FC_UNIT_BYTES, 0, 1e12, "bytes that a chip's port moves at half of its rate"),
    CHOICE(fc_tier, topology, "topology", topology_names, "switched, torus or mesh"),
    NUMBER(fc_tier, link_bytes_per_s, "link_bw", FC_UNIT_BYTES_PER_S, 0, 1e16,
           "torus, mesh: the slowest link to one neighbour"),
    NUMBER(fc_tier, torus_side, "torus_side", FC_UNIT_COUNT, 0, 1e4, "torus: chips along the longest ring"),
    SWITCH(fc_tier, in_network_reduction, "in_network_reduction", "switches add up (SHARP, NVLS)"),
};

static const fc_field workload_fields[] = {
    CHOICE(fc_workload, kind, "kind", workload_names, "pretrain or finetune (full)"),
    CHOICE_ALSO(fc_workload, dtype, "dtype", dtype_names, dtype_words, "of the layers' matmuls"),
    NUMBER(fc_workload, tokens_count, "tokens", FC_UNIT_TOKENS, 1, 1e18, "tokens of the whole run"),
    WHOLE64(fc_workload, seq_len, "seq_len", 0, 1e9, "tokens of a sequence; left out: the model's"),
    WHOLE64(fc_workload, global_batch, "global_batch", 0, 1e9, "sequences of one optimizer step"),
    NUMBER(fc_workload, grad_bytes, "grad_bytes", FC_UNIT_COUNT, 1, 8, "bytes of a gradient, per parameter"),
    NUMBER(fc_workload, master_bytes, "master_bytes", FC_UNIT_COUNT, 0, 8, "bytes of the master weight, per parameter"),
    NUMBER(fc_workload, optimizer_bytes, "optimizer_bytes", FC_UNIT_COUNT, 0, 32,
           "bytes of optimizer state, per parameter; of muon per matrix parameter, of adafactor per accumulator"),
    CHOICE(fc_workload, optimizer, "optimizer", optimizer_names,
           "adam, adam-bf16, adam-8bit, muon or adafactor: sets optimizer_bytes where that is left out"),
};

static const fc_field stack_fields[] = {
    SWITCH(fc_stack, flash_attention, "flash_attention", "attention never stores its s x s scores"),
    SWITCH(fc_stack, fused_kernels, "fused_kernels", "norm, activation and residual take one pass each"),
    SWITCH(fc_stack, dropout, "dropout", "dropout masks are kept for the backward pass"),
    SWITCH(fc_stack, cuda_graphs, "cuda_graphs", "no host time between kernels"),
    NUMBER(fc_stack, tp_overlap_frac, "tp_overlap", FC_UNIT_FRAC, 0, 1, "share of tensor-parallel traffic hidden"),
    NUMBER(fc_stack, dp_overlap_frac, "dp_overlap", FC_UNIT_FRAC, 0, 1,
           "share of compute that gradient traffic hides behind"),
    NUMBER(fc_stack, ep_overlap_frac, "ep_overlap", FC_UNIT_FRAC, 0, 1, "share of expert all-to-all hidden"),
    NUMBER(fc_stack, cp_overlap_frac, "cp_overlap", FC_UNIT_FRAC, 0, 1, "share of context-parallel traffic hidden"),
    NUMBER(fc_stack, pp_overlap_frac, "pp_overlap", FC_UNIT_FRAC, 0, 1, "share of pipeline traffic hidden"),
    NUMBER(fc_stack, expert_imbalance, "expert_imbalance", FC_UNIT_NONE, 1, 10, "most loaded expert rank / average"),
    NUMBER(fc_stack, straggler_frac, "straggler", FC_UNIT_FRAC, 0, 1, "time lost to the slowest rank"),
    NUMBER(fc_stack, reserve_bytes, "reserve", FC_UNIT_BYTES, 0, 1e12, "memory the framework keeps, per chip"),
    CHOICE(fc_stack, schedule, "schedule", schedule_names,
           "order of work in a pipeline, where the plan leaves it open"),
    NUMBER(fc_stack, host_layer_s, "host_per_layer", FC_UNIT_S, 0, 1, "of the host, to launch one layer forward"),
    NUMBER(fc_stack, host_backward_ratio, "host_backward_ratio", FC_UNIT_NONE, 0, 10, "the same backward, of forward"),
    NUMBER(fc_stack, host_moe_layer_s, "host_per_moe_layer", FC_UNIT_S, 0, 1, "more of it for a layer of experts"),
    NUMBER(fc_stack, host_expert_s, "host_per_expert", FC_UNIT_S, 0, 1,
           "more of it for each product of a single expert"),
    NUMBER(fc_stack, host_rank_frac, "host_per_rank", FC_UNIT_FRAC, 0, 1, "more of it for each further tensor rank"),
    NUMBER(fc_stack, softmax_block, "softmax_block", FC_UNIT_COUNT, 0, 1024,
           "sequence-head pairs that its fused softmax takes at a time"),
    NUMBER(fc_stack, host_step_s, "host_per_step", FC_UNIT_S, 0, 60, "of the host, once a step"),
    SWITCH(fc_stack, fused_experts, "fused_experts",
           "experts in mxfp8: products, activation and conversion are one kernel each way"),
    SWITCH(fc_stack, experts_apart, "experts_apart", "each expert's product is a kernel of its own"),
    SWITCH(fc_stack, old_attention, "old_attention", "its flash attention was written for an older kind of chip"),
    NUMBER(fc_stack, overlap_cost_frac, "overlap_cost", FC_UNIT_FRAC, 0, 2,
           "what hidden traffic takes from the compute beside it, of its own time"),
    NUMBER(fc_stack, grad_add_bytes, "grad_add", FC_UNIT_BYTES, 0, 100,
           "moved a parameter and micro-batch to add up gradients"),
    NUMBER(fc_stack, grad_wire_bytes, "grad_wire", FC_UNIT_BYTES, 0, 8, "of a gradient between replicas"),
    NUMBER(fc_stack, gathers_per_layer, "gathers_per_layer", FC_UNIT_COUNT, 0, 1000,
           "under ZeRO 3: collectives that one layer's weights take"),
    SWITCH(fc_stack, fused_loss, "fused_loss", "cross-entropy takes one pass each way"),
    SWITCH(fc_stack, grads_every_micro_batch, "grads_every_micro_batch", "replicas add up after each micro-batch"),
    SWITCH(fc_stack, pp_send_whole, "pp_send_whole", "each tensor rank sends the whole activation to the next stage"),
    CHOICE(fc_stack, flop_convention, "flop_convention", flop_names,
           "what its published TFLOP/s count: model_full (every key), model_causal or hardware (with recomputation)"),
    SWITCH(fc_stack, own_threads, "own_threads", "each thread of a processor takes a piece of every product"),
    SWITCH(fc_stack, one_thread_passes, "one_thread_passes",
           "on a processor: passes run on one thread while products run on all"),
    NUMBER(fc_stack, fresh_tensor_bytes, "fresh_tensor", FC_UNIT_BYTES, 0, 1e12,
           "on a processor: tensors this large are mapped anew each time; 0: none is"),
    NUMBER(fc_stack, touch_overhead_frac, "touch_overhead", FC_UNIT_FRAC, 0, 10,
           "on a processor: what mapping a tensor takes beyond the measured first touch, of that"),
    NUMBER(fc_stack, weight_moves, "weight_moves", FC_UNIT_NONE, 0, 1000,
           "on a processor: numbers a parameter that the optimizer moves, one kernel an operation; 0: one fused pass"),
    NUMBER(fc_stack, weight_tensors, "weight_tensors", FC_UNIT_NONE, 0, 100,
           "on a processor: tensors a parameter that the optimizer makes anew"),
    NUMBER(fc_stack, pool_switch_s, "pool_switch", FC_UNIT_S, 0, 1,
           "on a processor: lost when work goes from the framework's threads to the library's and back"),
    NUMBER(fc_stack, host_s_per_kernel, "host_per_kernel", FC_UNIT_S, 0, 1,
           "on a processor: the caller's own time for each kernel"),
};

static const fc_field plan_fields[] = {
    WHOLE32(fc_plan, tp, "tp", 0, 65536, "tensor-parallel ranks"),
    WHOLE32(fc_plan, pp, "pp", 0, 4096, "pipeline stages"),
    WHOLE32(fc_plan, vpp, "vpp", 0, 4096, "model chunks a stage"),
    WHOLE32(fc_plan, dp, "dp", 0, 1e8, "data-parallel replicas"),
    WHOLE32(fc_plan, cp, "cp", 0, 65536, "context-parallel ranks"),
    WHOLE32(fc_plan, ep, "ep", 0, 1e6, "expert-parallel ranks, inside dp"),
    WHOLE32(fc_plan, micro_batch, "micro_batch", 0, 1e6, "sequences of one pass of one replica"),
    WHOLE32(fc_plan, global_batch, "global_batch", 0, 1e9, "sequences of one optimizer step"),
    CHOICE(fc_plan, recompute, "recompute", recompute_names, "auto, none, selective or full"),
    {.key = "zero",
     .kind = FC_FIELD_I32,
     .unit = FC_UNIT_COUNT,
     .offset = offsetof(fc_plan, zero),
     .least = -1,
     .most = 3,
     .help = "ZeRO stage 0 to 3; -1: choose"},
    {.key = "sequence_parallel",
     .kind = FC_FIELD_I32,
     .unit = FC_UNIT_COUNT,
     .offset = offsetof(fc_plan, sequence_parallel),
     .least = -1,
     .most = 1,
     .help = "0, 1; -1: choose"},
    WHOLE32(fc_plan, etp, "etp", 0, 65536, "tensor parallel ranks of one expert; left out: 1 where ep is above 1"),
    CHOICE(fc_plan, schedule, "schedule", schedule_names, "order of work in a pipeline; auto: interleaved or 1f1b"),
    CHOICE(fc_plan, rank_order, "rank_order", rank_order_names, "which ranks lie side by side, innermost first"),
    WHOLE32(fc_plan, zero_group, "zero_group", 0, 1e8, "ranks that ZeRO splits over (HSDP); 0: all of dp x cp"),
    WHOLE32(fc_plan, recompute_layers, "recompute_layers", 0, 4096,
            "layers of a stage that recompute: full redoes; 0: all"),
    SWITCH(fc_plan, offload_optimizer, "offload_optimizer", "master weights and optimizer states live on the host"),
    SWITCH(fc_plan, offload_weights, "offload_weights", "weights live on the host, brought layer by layer"),
    SWITCH(fc_plan, offload_activations, "offload_activations", "saved activations go to the host and back"),
};

static const fc_field deal_fields[] = {
    CHOICE(fc_deal, status, "status", status_names, "operating, contracted, loi or announced"),
    NUMBER(fc_deal, usd_per_chip_h, "usd_per_chip_h", FC_UNIT_USD_PER_H, 0, 1e5, "rent"),
    NUMBER(fc_deal, usd_per_kwh, "usd_per_kwh", FC_UNIT_USD_PER_KWH, 0, 10, "electricity, where it is paid apart"),
    NUMBER(fc_deal, share_frac, "share", FC_UNIT_FRAC, 0, 1, "of the fleet's time that trains"),
    NUMBER(fc_deal, mfu_frac, "mfu", FC_UNIT_FRAC, 0, 1, "stated belief; left out: the step model's"),
    NUMBER(fc_deal, goodput_frac, "goodput", FC_UNIT_FRAC, 0, 1, "stated belief; left out: the run model's"),
};

static const fc_field own_fields[] = {
    NUMBER(fc_deal, own_usd_per_chip, "usd_per_chip", FC_UNIT_USD, 0, 1e8,
           "price with the server's share, network excluded"),
    NUMBER(fc_deal, own_age_years, "age_years", FC_UNIT_NONE, 0, 30, "years from purchase to the run"),
    NUMBER(fc_deal, own_decline_oom_per_year, "decline_oom_per_year", FC_UNIT_NONE, 0, 2,
           "fall of the price of performance"),
    NUMBER(fc_deal, own_network_frac, "network", FC_UNIT_FRAC, 0, 0.9, "network's share of the cluster's cost"),
};

static const fc_field contract_fields[] = {
    NUMBER(fc_deal, contract_usd_per_month, "usd_per_month", FC_UNIT_USD_PER_MONTH, 0, 1e13, "of the whole contract"),
    NUMBER(fc_deal, contract_chips_count, "chips", FC_UNIT_COUNT, 0, 1e9, "chips it covers"),
};

#define FAILS(class_id, word, help_text)                                                                               \
    NUMBER(fc_failures, per_chip_h[class_id], word, FC_UNIT_PER_H, 0, 1, help_text),                                   \
        NUMBER(fc_failures, shape[class_id], word "_shape", FC_UNIT_NONE, 0.2, 5,                                      \
               "Weibull shape of the time between the job's stops; 1: exponential")

static const fc_field failures_fields[] = {
    FAILS(FC_FAILURE_CHIP, "chip", "stops a chip-hour by chips and their memory"),
    FAILS(FC_FAILURE_HOST, "host", "stops a chip-hour by hosts: processor, power, board"),
    FAILS(FC_FAILURE_NETWORK, "network", "stops a chip-hour by cards, cables and switches"),
    FAILS(FC_FAILURE_STORAGE, "storage", "stops a chip-hour by storage"),
    FAILS(FC_FAILURE_SOFTWARE, "software", "stops a chip-hour by software"),
};

static const fc_field policy_fields[] = {
    NUMBER(fc_policy, checkpoint_bytes, "checkpoint_bytes", FC_UNIT_BYTES, 0, 1e18,
           "of one checkpoint; left out: weights, master copy and optimizer states"),
    NUMBER(fc_policy, checkpoint_overlap_frac, "checkpoint_overlap", FC_UNIT_FRAC, 0, 1,
           "share of the write that training does not wait for"),
    NUMBER(fc_policy, checkpoint_interval_s, "checkpoint_interval", FC_UNIT_S, 0, 1e8,
           "work between two checkpoints; left out: the best"),
    NUMBER(fc_policy, memory_bytes_per_s, "memory_bw", FC_UNIT_BYTES_PER_S, 0, 1e15,
           "a chip's rate of copying its part of a checkpoint into memory"),
    NUMBER(fc_policy, memory_interval_s, "memory_interval", FC_UNIT_S, 0, 1e8,
           "work between two copies in memory; left out: the best"),
    NUMBER(fc_policy, memory_survive_frac, "memory_survives", FC_UNIT_FRAC, 0, 1,
           "share of failures after which the copies in memory are still there"),
    NUMBER(fc_policy, memory_restart_s, "memory_restart", FC_UNIT_S, 0, 1e7,
           "as cluster.restart, from memory; left out: the same"),
    NUMBER(fc_policy, spare_hosts_count, "spare_hosts", FC_UNIT_COUNT, 0, 1024,
           "hosts ready beside the cluster's own, paid like them"),
    NUMBER(fc_policy, host_chips_count, "host_chips", FC_UNIT_COUNT, 0, 1e4,
           "chips of a host; left out: the scale-up domain, at most 8"),
    NUMBER(fc_policy, repair_s, "repair", FC_UNIT_S, 0, 1e8,
           "until a failed host is a spare again; left out: spares never run out"),
    NUMBER(fc_policy, elastic_pause_s, "elastic_pause", FC_UNIT_S, 0, 1e6,
           "pause of all replicas when one leaves or comes back; left out: any failure stops the job"),
    NUMBER(fc_policy, replicas_count, "replicas", FC_UNIT_COUNT, 0, 1e8,
           "whole copies of the state; left out: what the plan's ZeRO leaves"),
    NUMBER(fc_policy, batch_ramp_tokens, "batch_ramp", FC_UNIT_TOKENS, 0, 1e18,
           "tokens trained with smaller batches at first"),
    NUMBER(fc_policy, batch_ramp_speed_frac, "batch_ramp_speed", FC_UNIT_FRAC, 0, 1, "their rate, of the full batch's"),
    NUMBER(fc_policy, seq_ramp_tokens, "seq_ramp", FC_UNIT_TOKENS, 0, 1e18,
           "tokens trained in shorter sequences at first"),
    NUMBER(fc_policy, seq_ramp_speed_frac, "seq_ramp_speed", FC_UNIT_FRAC, 0, 10, "their rate, of the full sequence's"),
    NUMBER(fc_policy, histories_count, "histories", FC_UNIT_COUNT, 0, 1e6,
           "histories of failures to play; left out: as many as take a blink"),
};

static const fc_field delivery_fields[] = {
    NUMBER(fc_delivery, month, "month", FC_UNIT_NONE, -1e6, 1200, "from the start of the run"),
    NUMBER(fc_delivery, chips_count, "chips", FC_UNIT_COUNT, 1, 1e9, "all that are there from then on"),
};

static const fc_field estimate_fields[] = {
    NUMBER(fc_study, step_time_factor, "step_time_factor", FC_UNIT_NONE, 0.1, 10, "measured / predicted step time"),
    NUMBER(fc_study, batch_tokens, "batch_tokens", FC_UNIT_TOKENS, 1, 1e12, "tokens a step where no batch is given"),
    NUMBER(fc_study, server_w_per_tdp_w, "server_w_per_tdp_w", FC_UNIT_NONE, 1, 10,
           "IT power / TDP where only the TDP is known"),
};

static const fc_field domain_fields[] = {
    NUMBER(fc_domain, chips_count, "chips", FC_UNIT_COUNT, 1, 1e9, "chips of the largest measured run"),
    NUMBER(fc_domain, params_total_count, "params_total", FC_UNIT_TOKENS, 1, 1e18,
           "parameters of the largest measured model"),
    NUMBER(fc_domain, params_active_count, "params_active", FC_UNIT_TOKENS, 1, 1e18, "active parameters, likewise"),
    NUMBER(fc_domain, tokens_per_step, "tokens_per_step", FC_UNIT_TOKENS, 1, 1e12,
           "tokens of the largest measured step"),
    NUMBER(fc_domain, tenfold_params, "tenfold_params", FC_UNIT_NONE, 0, 100, "distance of ten times the parameters"),
    NUMBER(fc_domain, tenfold_chips, "tenfold_chips", FC_UNIT_NONE, 0, 100, "… of ten times the chips"),
    NUMBER(fc_domain, tenfold_seq_len, "tenfold_seq_len", FC_UNIT_NONE, 0, 100, "… of ten times the sequence"),
    NUMBER(fc_domain, other_chip, "other_chip", FC_UNIT_NONE, 0, 100, "… of another chip"),
    NUMBER(fc_domain, doubled_peak, "doubled_peak", FC_UNIT_NONE, 0, 100, "… for each doubling of its 16-bit peak"),
    NUMBER(fc_domain, other_family, "other_family", FC_UNIT_NONE, 0, 100, "… of another family of chips"),
    NUMBER(fc_domain, other_dtype, "other_dtype", FC_UNIT_NONE, 0, 100, "… of another dtype"),
    NUMBER(fc_domain, halved_bits, "halved_bits", FC_UNIT_NONE, 0, 100, "… for each halving of its width"),
    NUMBER(fc_domain, other_kind, "other_kind", FC_UNIT_NONE, 0, 100, "… from dense models to mixtures of experts"),
    NUMBER(fc_domain, other_stack, "other_stack", FC_UNIT_NONE, 0, 100, "… of another stack"),
    NUMBER(fc_domain, low_dense, "low_dense", FC_UNIT_NONE, 0, 5,
           "-log of p10 of measured / predicted beside a measured dense run"),
    NUMBER(fc_domain, low_moe, "low_moe", FC_UNIT_NONE, 0, 5, "… beside a mixture of experts"),
    NUMBER(fc_domain, low_growth, "low_growth", FC_UNIT_NONE, 0, 5, "… more by a unit of distance"),
    NUMBER(fc_domain, high_dense, "high_dense", FC_UNIT_NONE, 0, 5, "log of its p90 beside a measured dense run"),
    NUMBER(fc_domain, high_moe, "high_moe", FC_UNIT_NONE, 0, 5, "… beside a mixture of experts"),
    NUMBER(fc_domain, high_growth, "high_growth", FC_UNIT_NONE, 0, 5, "… more by a unit of distance"),
};

/* Bounds are lists of such values. */
static const fc_field space_fields[] = {
    CHOICE(fc_space, kind, "kind", space_names, "default, or wide: also offload, overlaps, schedules and number formats"),
    WHOLE32(fc_space, axis[FC_SPACE_CHIPS], "chips", 1, 1e9, "chips in use"),
    SWITCH(fc_space, axis[FC_SPACE_TP_OVERLAP], "tp_overlap", "tensor-parallel traffic hidden as the stack does it"),
    SWITCH(fc_space, axis[FC_SPACE_DP_OVERLAP], "dp_overlap", "gradient traffic likewise"),
    SWITCH(fc_space, axis[FC_SPACE_EP_OVERLAP], "ep_overlap", "expert traffic likewise"),
    SWITCH(fc_space, axis[FC_SPACE_CP_OVERLAP], "cp_overlap", "context-parallel traffic likewise"),
    SWITCH(fc_space, axis[FC_SPACE_PP_OVERLAP], "pp_overlap", "sends between stages likewise"),
};

#define NOUN(id, text, rows) [id] = {(text), (rows), sizeof(rows) / sizeof((rows)[0])}

static const fc_noun nouns[FC_NOUN_ID_COUNT] = {
    NOUN(FC_NOUN_MODEL, "model", model_fields),
    NOUN(FC_NOUN_CHIP, "chip", chip_fields),
    NOUN(FC_NOUN_CLUSTER, "cluster", cluster_fields),
    NOUN(FC_NOUN_TIER, "tier", tier_fields),
    NOUN(FC_NOUN_WORKLOAD, "workload", workload_fields),
    NOUN(FC_NOUN_STACK, "stack", stack_fields),
    NOUN(FC_NOUN_PLAN, "plan", plan_fields),
    NOUN(FC_NOUN_DEAL, "deal", deal_fields),
    NOUN(FC_NOUN_OWN, "own", own_fields),
    NOUN(FC_NOUN_CONTRACT, "contract", contract_fields),
    NOUN(FC_NOUN_FAILURES, "failures", failures_fields),
    NOUN(FC_NOUN_POLICY, "run", policy_fields),
    NOUN(FC_NOUN_DELIVERY, "delivery", delivery_fields),
    NOUN(FC_NOUN_ESTIMATE, "estimate", estimate_fields),
    NOUN(FC_NOUN_DOMAIN, "domain", domain_fields),
    NOUN(FC_NOUN_SPACE, "space", space_fields),
};

const fc_noun *fc_fields_noun(fc_noun_id id) { return &nouns[id]; }
