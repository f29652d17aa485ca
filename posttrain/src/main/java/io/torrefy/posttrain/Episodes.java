package io.torrefy.posttrain;

import io.torrefy.lm.ChatMessage;
import io.torrefy.lm.Completion;
import io.torrefy.lm.Generator;
import io.torrefy.lm.Sampling;
import io.torrefy.lm.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Samples episodes: a completion of each problem's prompt or, with an environment, turn after turn until the
/// environment ends it or it runs out of turns or tokens. All episodes take a turn together; a turn reads the tokens of
/// the episode so far, which are those that were sampled and those of the replies, never a text made of them.
final class Episodes {
    /// Streams of random numbers from a turn to the next, more than there are episodes.
    private static final long TURN = 1L << 40;

    private final Generator generator;
    private final Tokenizer tokenizer;
    private final int positions;
    private final RolloutPlan plan;
    private final ConversationTokens messages;

    /// @param positions how long prompt and episode may be together
    Episodes(Generator generator, Tokenizer tokenizer, int positions, RolloutPlan plan) {
        this.generator = generator;
        this.tokenizer = tokenizer;
        this.positions = positions;
        this.plan = plan;
        messages = new ConversationTokens(tokenizer, plan.template());
    }

    /// Completions alone, without an environment.
    static Episodes ofCompletions(Generator generator, Tokenizer tokenizer) {
        return new Episodes(generator, tokenizer, Integer.MAX_VALUE, RolloutPlan.DEFAULT);
    }

    /// One episode for each problem, in order; those of equal problems that follow each other share their prompt.
    ///
    /// @param sampling [Sampling#maxNewTokens] is the limit of the whole episode, replies included
    /// @param firstStream the random stream of the first, the others follow
    List<Episode> run(List<Problem> problems, Sampling sampling, long firstStream) {
        ConversationEnvironment environment = plan.environment();
        return environment == null
                ? completions(problems, sampling, firstStream)
                : conversations(environment, problems, sampling, firstStream);
    }

    private List<Episode> completions(List<Problem> problems, Sampling sampling, long firstStream) {
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < problems.size(); i++) {
            boolean again =
                    i > 0 && problems.get(i).prompt().equals(problems.get(i - 1).prompt());
            prompts.add(again ? prompts.getLast() : prompt(problems.get(i)));
        }
        List<Completion> completions = generator.generate(prompts, sampling, firstStream, (_, _) -> {});
        List<Episode> episodes = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            Completion completion = completions.get(i);
            Episode.Draft draft = new Episode.Draft(prompts.get(i));
            draft.turn(completion.ids(), completion.logProbs());
            episodes.add(draft.end(completion.finish() == Completion.Finish.LENGTH));
        }
        return episodes;
    }

    private int[] prompt(Problem problem) {
        return plan.template() == null || problem.whole()
                ? Tokens.prompt(tokenizer, problem)
                : messages.begin(List.of(ChatMessage.user(problem.prompt())));
    }

    /// An episode with what answers it.
    private record Open(int index, Problem problem, ConversationEnvironment.Conversation with, Episode.Draft draft) {}

    private List<Episode> conversations(
            ConversationEnvironment environment, List<Problem> problems, Sampling sampling, long firstStream) {
        Sampling turns = sampling.withStopStrings(environment.stopStrings());
        @Nullable Episode[] done = new Episode[problems.size()];
        List<Open> open = new ArrayList<>();
        for (int i = 0; i < problems.size(); i++) {
            ConversationEnvironment.Conversation with = environment.reset(problems.get(i));
            open.add(new Open(i, problems.get(i), with, new Episode.Draft(messages.begin(with.messages()))));
        }
        for (int turn = 0; !open.isEmpty(); turn++) {
            List<Generator.Prompt> prompts = new ArrayList<>();
            for (Open one : open) {
                prompts.add(new Generator.Prompt(
                        one.draft.tokens(),
                        firstStream + one.index + turn * TURN,
                        sampling.maxNewTokens() - one.draft.length()));
            }
            List<Completion> completions = generator.generateEach(prompts, turns, (_, _) -> {});
            List<Open> next = new ArrayList<>();
            for (int i = 0; i < open.size(); i++) {
                Open one = open.get(i);
                done[one.index] = turn(one, completions.get(i), sampling.maxNewTokens());
                if (done[one.index] == null) {
                    next.add(one);
                }
            }
            open = next;
        }
        List<Episode> all = new ArrayList<>();
        for (Episode episode : done) {
            all.add(Objects.requireNonNull(episode));
        }
        return all;
    }

    /// Takes a turn of the model and the reply to it; null if the episode goes on.
    private @Nullable Episode turn(Open one, Completion completion, int most) {
        Episode.Draft draft = one.draft;
        draft.turn(completion.ids(), completion.logProbs());
        if (completion.finish() == Completion.Finish.LENGTH) {
            return draft.end(true);
        }
        ConversationEnvironment.Reply reply = reply(one, completion);
        draft.reward(reply.reward());
        if (reply.done()) {
            return draft.end(false);
        }
        if (draft.turns() >= plan.maxTurns()) {
            return draft.end(true);
        }
        boolean ended = completion.finish() == Completion.Finish.STOP;
        int[] tokens = messages.reply(one.with.messages(), reply.messages(), ended);
        // A reply that leaves no room for a token of the model's would be read by nobody.
        int length = draft.length() + tokens.length;
        if (length >= most || draft.prompt.length + length >= positions) {
            return draft.end(true);
        }
        draft.reply(tokens, reply.failed());
        return null;
    }

    private ConversationEnvironment.Reply reply(Open one, Completion completion) {
        try {
            return one.with.step(tokenizer.decode(completion.ids(), true));
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    "[environment] failed on turn " + one.draft.turns() + " of problem " + one.problem.id() + ": " + e
                            + ". Hint: what a model may write wrongly is a Reply.failed, not an exception.",
                    e);
        }
    }
}
