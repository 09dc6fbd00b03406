/* explain_results.c: what can be explained of model, run and cost, one row a key. A key with several forms has a row for each; the first that holds counts. */
#include "explain.h"

static bool has_stated_goodput(const fc_explain_case *c) { return c->study->deal.goodput_frac > 0; }
static bool has_failures(const fc_explain_case *c) { return c->estimate->point.run.mtbf_s > 0; }
static bool has_interval(const fc_explain_case *c) {
    return has_failures(c) && c->estimate->point.run.checkpoint_s < 2.0 * c->estimate->point.run.mtbf_s;
}
/* Beyond Daly's form: rates by class, tiers, spares, replicas, slow chips, restarts that grow. */
static bool has_policy(const fc_explain_case *c) {
    const fc_cluster *cluster = &c->study->cluster;
    const fc_policy *policy = &c->study->policy;
    double rates = 0;
    for (int i = 0; i < FC_FAILURE_CLASS_COUNT; ++i) {
        rates += cluster->failures.per_chip_h[i];
    }
    return rates > 0 || cluster->detect_s > 0 || cluster->restart_s_per_kchip > 0 || cluster->slow_chips_frac > 0 ||
           policy->checkpoint_overlap_frac > 0 || policy->checkpoint_bytes > 0 || policy->checkpoint_interval_s > 0 ||
           policy->memory_bytes_per_s > 0 || policy->repair_s > 0 || policy->elastic_pause_s > 0;
}
/* Ramps, and chips that come later or stand by. */
static bool has_calendar(const fc_explain_case *c) {
    const fc_policy *policy = &c->study->policy;
    return policy->deliveries_count > 0 || policy->batch_ramp_tokens > 0 || policy->seq_ramp_tokens > 0 ||
           policy->spare_hosts_count > 0;
}
static bool has_no_failures(const fc_explain_case *c) { return !has_failures(c); }
static bool has_storage(const fc_explain_case *c) { return c->study->cluster.storage_bytes_per_s > 0; }
static bool is_rented(const fc_explain_case *c) { return c->study->deal.pricing == FC_PRICING_RENT; }
static bool is_contract(const fc_explain_case *c) { return c->study->deal.pricing == FC_PRICING_CONTRACT; }
static bool is_owned(const fc_explain_case *c) { return c->study->deal.pricing == FC_PRICING_OWN; }
static bool is_priced(const fc_explain_case *c) { return c->estimate->point.cost.priced != 0; }
static bool is_powered(const fc_explain_case *c) { return c->estimate->point.cost.powered != 0; }

const fc_explanation FC_EXPLAIN_RESULTS[] = {
    {
        .key = "model.params_total_count",
        .aliases = "params params_total parameters",
        .title = "Every trained number of the model, norms and biases included.",
        .words = "add up the weights of every operation: rows of the model by layer, embedding and head",
        .with = "model.layers_count model.hidden model.vocab model.experts",
        .rests = "model.",
        .levers = "other layers, hidden size, vocabulary or experts",
        .source = "definition; checked against the owners' published counts",
    },
    {
        .key = "model.params_active_count",
        .aliases = "params_active",
        .title = "The trained numbers that one token touches: all of a dense model, and of experts those visited.",
        .words = "as params_total_count, with experts_per_token of the experts; the word table counts whole",
        .with = "model.params_total_count model.experts model.experts_per_token",
        .rests = "model.",
        .levers = "experts that a token visits",
        .source = "definition; DeepSeekMoE 2401.06066",
    },
    {
        .key = "model.params_active_matmul_count",
        .aliases = "",
        .title = "N of the 6ND rule: active numbers that multiply something; input table out, output matrix in.",
        .words = "add up the weights of matmul operations that a token visits",
        .with = "model.params_active_count model.vocab model.hidden",
        .rests = "model.",
        .levers = "other matmuls in a layer",
        .source = "docs/formulas.md, Counts",
    },
    {
        .key = "model.flop_per_token_model",
        .aliases = "flop_per_token model_convention",
        .title = "FLOP to train on one token, forward and backward, attention causal, exactly counted.",
        .words = "three times the forward FLOP of every operation: 2 m n k of a matmul, and causal attention 2 heads "
                 "(d_qk + d_v) (s + 1) / 2",
        .with = "model.seq_len model.layers_count model.hidden model.heads model.params_active_matmul_count",
        .rests = "model. workload.seq_len",
        .levers = "a longer sequence adds attention; a smaller model takes from all",
        .source = "definition; docs/formulas.md, Counts",
    },
    {
        .key = "model.flop_per_token_palm",
        .aliases = "palm palm_convention",
        .title = "FLOP of one token by the PaLM paper's rule: every key counted, also those that a causal mask hides.",
        .words = "6 N + 6 L heads (d_qk + d_v) s",
        .with = "model.params_active_matmul_count model.layers_count model.heads model.seq_len",
        .rests = "model. workload.seq_len",
        .levers = "a longer sequence",
        .source = "PaLM 2204.02311, appendix B",
    },
    {
        .key = "model.flop_per_token_6nd",
        .aliases = "6nd kaplan",
        .title = "FLOP of one token by the rule of six a parameter: attention left out.",
        .formula = "6 * model.params_active_matmul_count",
        .words = "2 forward and 4 backward for each active number that multiplies",
        .with = "",
        .rests = "model.",
        .levers = "a smaller model; the sequence does not matter",
        .source = "Kaplan et al. 2001.08361",
    },
    {
        .key = "run.steps_count",
        .aliases = "steps",
        .title = "Optimizer steps of the run.",
        .formula = "ceil(workload.tokens / step.tokens_per_step_count)",
        .words = "tokens of the run / tokens of a step, the last step whole",
        .with = "",
        .rests = "workload.tokens workload.global_batch",
        .levers = "more tokens, or a smaller batch",
        .source = "definition",
    },
    {
        .key = "run.goodput_frac",
        .aliases = "goodput daly",
        .title = "The share of wall time that is work kept, of a run that holds its chips.",
        .formula = "deal.goodput",
        .words = "the deal states it",
        .with = "",
        .rests = "deal.goodput",
        .levers = "another stated goodput",
        .source = "the study",
        .holds = has_stated_goodput,
    },
    {
        .key = "run.goodput_frac",
        .aliases = "goodput daly",
        .title = "The share of wall time that is work kept: no failure is expected, planned stops only.",
        .formula = "1 - cluster.planned_stop",
        .words = "1 - planned stops",
        .with = "",
        .rests = "cluster.planned_stop cluster.chip.failures",
        .levers = "fewer planned stops",
        .source = "definition",
        .holds = has_no_failures,
    },
    {
        .key = "run.goodput_frac",
        .aliases = "goodput daly",
        .title = "The share of wall time that is work kept after failures, as this run is operated.",
        .words = "Daly's form over the tiers of checkpoints, with waits for hosts and replicas that carry on",
        .with = "",
        .rests = "run. cluster.restart cluster.detect cluster.failures cluster.slow_chips cluster.planned_stop "
                 "cluster.storage_bw cluster.chip.failures",
        .levers = "what `estimate` calls remedies",
        .source = "docs/runs.md",
        .holds = has_policy,
    },
    {
        .key = "run.goodput_frac",
        .aliases = "goodput daly",
        .title = "The share of wall time that is work kept after failures, restarts, checkpoints and planned stops.",
        .formula = "run.checkpoint_interval_s / (run.mtbf_s * exp(cluster.restart / run.mtbf_s) * "
                   "expm1((run.checkpoint_interval_s + run.checkpoint_s) / run.mtbf_s)) * (1 - cluster.planned_stop)",
        .words = "W / (M e^(R/M) (e^((W+D)/M) - 1)) x (1 - planned stops): work W between checkpoints, checkpoint D, "
                 "restart R, time between failures M",
        .with = "",
        .rests = "cluster.restart cluster.planned_stop cluster.storage_bw cluster.chip.failures",
        .levers = "faster restarts, fewer failures, faster storage",
        .source = "Daly, FGCS 22(3) 2006",
    },
    {
        .key = "run.mtbf_s",
        .aliases = "mtbf",
        .title = "Seconds between failures of any class.",
        .words = "one hour / (failures a chip and hour, all classes x chips used)",
        .with = "",
        .rests = "cluster.failures cluster.chip.failures",
        .levers = "fewer chips in one job, or fewer failures",
        .source = "docs/runs.md",
        .holds = has_policy,
    },
    {
        .key = "run.mtbf_s",
        .aliases = "mtbf",
        .title = "Seconds between failures that stop the job: any chip stops all.",
        .formula = "3600 / (cluster.chip.failures * plan.chips_used_count)",
        .words = "one hour / (failures a chip and hour x chips used)",
        .with = "",
        .rests = "cluster.chip.failures",
        .levers = "fewer chips in one job, or fewer failures",
        .source = "exponential; Llama 3: 419 stops in 54 days on 16,384 chips",
        .holds = has_failures,
    },
    {
        .key = "run.checkpoint_s",
        .aliases = "",
        .title = "Seconds that one checkpoint is written for.",
        .words = "bytes of a checkpoint / storage bandwidth",
        .with = "",
        .rests = "run.checkpoint_bytes cluster.storage_bw workload.",
        .levers = "faster storage, smaller checkpoints",
        .source = "docs/runs.md",
        .holds = has_policy,
    },
    {
        .key = "run.checkpoint_s",
        .aliases = "",
        .title = "Seconds to write one checkpoint while training waits.",
        .formula = "model.params_total_count * (model.weight_bytes + workload.master_bytes + workload.optimizer_bytes) "
                   "/ cluster.storage_bw",
        .words = "(weights + wide copy + states) / storage bandwidth",
        .with = "",
        .rests = "cluster.storage_bw workload.",
        .levers = "faster storage",
        .source = "definition",
        .holds = has_storage,
    },
    {
        .key = "run.checkpoint_interval_s",
        .aliases = "interval checkpoint_interval",
        .title = "Seconds of work between two checkpoints on storage.",
        .words = "as stated, or Daly's optimum for what stops the job and no tier above outlives; no less than a step "
                 "and than the write",
        .with = "",
        .rests = "run. cluster.storage_bw cluster.chip.failures",
        .levers = "faster storage, fewer failures",
        .source = "docs/runs.md",
        .holds = has_policy,
    },
    {
        .key = "run.checkpoint_interval_s",
        .aliases = "interval checkpoint_interval",
        .title = "Seconds of work between two checkpoints: Daly's optimum, and no less than a step.",
        .formula = "max(step.time_s, sqrt(2 * run.checkpoint_s * run.mtbf_s) * (1 + sqrt(run.checkpoint_s / (2 * "
                   "run.mtbf_s)) / 3 + run.checkpoint_s / (18 * run.mtbf_s)) - run.checkpoint_s)",
        .words = "sqrt(2 D M) (1 + sqrt(D / 2M) / 3 + D / 18M) - D: checkpoint D, time between failures M",
        .with = "",
        .rests = "cluster.storage_bw cluster.chip.failures",
        .levers = "faster storage, fewer failures",
        .source = "Daly, FGCS 22(3) 2006, equation 37",
        .holds = has_interval,
    },
    {
        .key = "run.days",
        .aliases = "days time_to_train",
        .title = "Days by the clock from first to last token, ramps and late chips included.",
        .words = "(steps x step time + ramps) / (goodput x share), at the speed of the chips that are there",
        .with = "",
        .rests = "run. workload.tokens estimate.step_time_factor deal.share",
        .levers = "chips that come sooner, a shorter step, fewer tokens",
        .source = "docs/runs.md",
        .holds = has_calendar,
    },
    {
        .key = "run.days",
        .aliases = "days time_to_train",
        .title = "Days by the clock from first to last token, share of the fleet and lost time included.",
        .formula = "run.steps_count * step.time_s / (run.goodput_frac * deal.share) / 86400",
        .words = "steps x step time / (goodput x share)",
        .with = "",
        .rests = "workload.tokens estimate.step_time_factor cluster.restart cluster.chip.failures deal.share deal.mfu "
                 "deal.goodput",
        .levers = "more chips, a shorter step, fewer tokens",
        .source = "docs/formulas.md, Run",
    },
    {
        .key = "run.chip_h",
        .aliases = "chip_hours chip_h",
        .title = "Chip-hours that the run is charged for: chips that are there, spares too.",
        .words = "chips delivered and spare hosts x share x hours",
        .with = "",
        .rests = "run. cluster.chips deal.share",
        .levers = "fewer spares; a plan that leaves no chip idle",
        .source = "docs/runs.md",
        .holds = has_calendar,
    },
    {
        .key = "run.chip_h",
        .aliases = "chip_hours chip_h",
        .title = "Chip-hours that the run is charged for: the whole cluster while it trains, idle chips too.",
        .formula = "cluster.chips * deal.share * run.days * 24",
        .words = "chips x share x hours",
        .with = "",
        .rests = "cluster.chips estimate.step_time_factor deal.share",
        .levers = "a better MFU; a plan that leaves no chip idle",
        .source = "definition",
    },
    {
        .key = "cost.total_usd",
        .aliases = "usd cost rent own contract",
        .title = "Dollars of the run: rent of its chip-hours.",
        .formula = "run.chip_h * deal.usd_per_chip_h",
        .words = "chip-hours x price of a chip-hour",
        .with = "",
        .rests = "deal.usd_per_chip_h estimate.step_time_factor",
        .levers = "a lower price, or fewer chip-hours",
        .source = "docs/formulas.md, Money and energy",
        .holds = is_rented,
    },
    {
        .key = "cost.total_usd",
        .aliases = "usd cost rent own contract",
        .title = "Dollars of the run: its part of the contract.",
        .formula = "run.chip_h * deal.contract.usd_per_month / 730.5 / deal.contract.chips",
        .words = "chip-hours x contract a month / 730.5 hours / chips that it covers",
        .with = "",
        .rests = "deal.contract",
        .levers = "a lower price, or fewer chip-hours",
        .source = "docs/formulas.md, Money and energy",
        .holds = is_contract,
    },
    {
        .key = "cost.total_usd",
        .aliases = "usd cost rent own contract",
        .title = "Dollars of the run: fall in value of chips that are owned, and electricity.",
        .formula =
            "run.chip_h * (deal.own.usd_per_chip * exp(-deal.own.decline_oom_per_year * 2.302585092994046 * "
            "deal.own.age_years) * deal.own.decline_oom_per_year * 2.302585092994046 / 8766 / (1 - deal.own.network) + "
            "cluster.chip.it_power * cluster.chip.power_draw / 1000 * cluster.pue * deal.usd_per_kwh)",
        .words = "chip-hours x (P 10^(-r age) r ln 10 / 8766 / (1 - network) + kilowatts x PUE x price)",
        .with = "",
        .rests = "deal.own deal.usd_per_kwh cluster.pue cluster.chip.it_power cluster.chip.power_draw",
        .levers = "cheaper chips, or fewer chip-hours",
        .source = "Cottier et al. 2405.21015",
        .holds = is_owned,
    },
    {
        .key = "cost.usd_per_mtoken",
        .aliases = "usd_per_mtoken",
        .title = "Dollars for each million tokens of training.",
        .formula = "cost.total_usd / (run.tokens_count / 1000000)",
        .words = "dollars / millions of tokens",
        .with = "",
        .rests = "deal. estimate.step_time_factor",
        .levers = "what changes cost.total_usd",
        .source = "definition",
        .holds = is_priced,
    },
    {
        .key = "cost.energy_mwh",
        .aliases = "energy mwh",
        .title = "Megawatt-hours at the facility's meter.",
        .formula = "run.chip_h * cluster.chip.it_power * cluster.chip.power_draw * cluster.pue / 1000000",
        .words = "chip-hours x IT power x average draw x PUE",
        .with = "",
        .rests = "cluster.pue cluster.chip.it_power cluster.chip.power_draw estimate.step_time_factor",
        .levers = "fewer chip-hours, a lower PUE",
        .source = "definition",
        .holds = is_powered,
    },
    {
        .key = "cost.peak_mw",
        .aliases = "peak_mw",
        .title = "Megawatts of the facility with all chips of the cluster at their IT power.",
        .formula = "cluster.chips * cluster.chip.it_power * cluster.pue / 1000000",
        .words = "chips x IT power x PUE",
        .with = "",
        .rests = "cluster.pue cluster.chip.it_power",
        .levers = "fewer chips, a lower PUE",
        .source = "definition",
        .holds = is_powered,
    },
    {.key = NULL},
};
