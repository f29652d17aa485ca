package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import io.torrefy.lm.Completion;
import io.torrefy.posttrain.Problem;
import io.torrefy.posttrain.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;

/// One search on one problem: it continues drafts, counts every token that was generated on the way, scorers' rollouts
/// included, and keeps to a budget. Each continuation draws from a random stream of its own, in the order in which they
/// are asked for.
///
/// Not safe for use by several threads.
@Export(value = "posttrain.search.Session", since = "0.1")
public final class Session {
    private final Policy policy;
    private final Task task;
    private final Problem problem;
    private final int[] prompt;
    private final int most;
    private long stream;
    private long tokens;
    private long budget = Long.MAX_VALUE;

    /// @param maxTokens the greatest length of a draft
    /// @param firstStream the random stream of the first continuation; the others follow
    public Session(Policy policy, Task task, Problem problem, int maxTokens, long firstStream) {
        this.policy = policy;
        this.task = task;
        this.problem = problem;
        prompt = policy.prompt(problem.prompt());
        most = Math.min(maxTokens, policy.maxPositions() - prompt.length);
        stream = firstStream;
        if (most < 1) {
            throw new IllegalArgumentException("[search] expected room for at least one new token; got a prompt of "
                    + prompt.length + " tokens, " + policy.maxPositions() + " positions and at most " + maxTokens
                    + " new tokens, in problem " + problem.id());
        }
    }

    public Task task() {
        return task;
    }

    public Problem problem() {
        return problem;
    }

    /// Tokens generated so far.
    public long tokens() {
        return tokens;
    }

    /// Allows `limit` tokens in all, those of before included; 0 for any number.
    public void budget(long limit) {
        if (limit < 0) {
            throw new IllegalArgumentException("[search] expected a budget of 0 tokens (any) or more; got " + limit);
        }
        budget = limit == 0 ? Long.MAX_VALUE : limit;
    }

    /// Tokens that may yet be generated.
    public long left() {
        return Math.max(0, budget - tokens);
    }

    /// The draft that nothing was written on.
    public Draft start() {
        return new Draft(new int[0], "", 0, 0, Draft.End.OPEN);
    }

    /// `n` times the same draft, to be continued in `n` ways.
    public List<Draft> start(int n) {
        return Collections.nCopies(n, start());
    }

    /// Continues every open draft, each on its own, also where two are equal. What is left of the budget is shared
    /// among them equally; where that gives no token to each, they come back as they are.
    ///
    /// @param temperature 0 takes the most likely token each time
    /// @param separator ends a continuation, which keeps it, and leaves the draft open; empty to go to the end
    public List<Draft> extend(List<Draft> drafts, double temperature, String separator) {
        List<Integer> open = new ArrayList<>();
        for (int i = 0; i < drafts.size(); i++) {
            if (drafts.get(i).open()) {
                open.add(i);
            }
        }
        long share = open.isEmpty() ? 0 : left() / open.size();
        List<Draft> extended = new ArrayList<>(drafts);
        if (share == 0) {
            return extended;
        }
        List<Policy.Ask> asks = new ArrayList<>();
        for (int i : open) {
            int[] written = drafts.get(i).ids();
            int room = (int) Math.min(most - written.length, share);
            asks.add(new Policy.Ask(joined(prompt, written), room, temperature, separator, stream++));
        }
        List<Completion> answers = policy.sample(asks);
        for (int i = 0; i < asks.size(); i++) {
            tokens += answers.get(i).ids().length;
            extended.set(open.get(i), continued(drafts.get(open.get(i)), answers.get(i)));
        }
        return extended;
    }

    private Draft continued(Draft draft, Completion more) {
        int[] ids = joined(draft.ids(), more.ids());
        double logProb = draft.logProb();
        for (float one : more.logProbs()) {
            logProb += one;
        }
        Draft.End end = switch (more.finish()) {
            case STOP -> Draft.End.STOP;
            case LENGTH -> Draft.End.LENGTH;
            case STOP_STRING -> ids.length >= most ? Draft.End.LENGTH : Draft.End.OPEN;
        };
        return new Draft(ids, policy.text(ids), logProb, draft.steps() + 1, end);
    }

    /// The `k` most likely next tokens of open drafts. Each draft counts as one token: it is what a forward pass is
    /// for.
    public List<Policy.Next> next(List<Draft> drafts, int k) {
        tokens += drafts.size();
        return policy.next(
                drafts.stream()
                        .map(draft -> new Policy.Place(prompt, draft.ids()))
                        .toList(),
                k);
    }

    /// A draft and one token more.
    public Draft with(Draft draft, int id, double logProb) {
        int[] ids = joined(draft.ids(), new int[] {id});
        Draft.End end = id == policy.end() ? Draft.End.STOP : ids.length >= most ? Draft.End.LENGTH : Draft.End.OPEN;
        return new Draft(ids, policy.text(ids), draft.logProb() + logProb, draft.steps() + 1, end);
    }

    /// Tokens that a draft may have.
    public int maxTokens() {
        return most;
    }

    /// Does a scorer's work that computes with tensors. Sessions run side by side; this happens one after the
    /// other.
    public <T> T compute(Supplier<T> work) {
        return policy.compute(work);
    }

    /// What a scorer makes of drafts.
    ///
    /// @throws IllegalStateException unless it gives every draft a score from 0 to 1
    public double[] score(ProcessScorer scorer, List<Draft> drafts) {
        double[] scores = scorer.score(this, drafts);
        boolean right = scores.length == drafts.size() && Arrays.stream(scores).allMatch(s -> s >= 0 && s <= 1);
        if (!right) {
            throw new IllegalStateException("[search] expected a score from 0 to 1 for each of " + drafts.size()
                    + " drafts; got " + Arrays.toString(scores) + " on problem " + problem.id());
        }
        return scores;
    }

    private static int[] joined(int[] a, int[] b) {
        int[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }
}
