package io.torrefy.posttrain.search;

import io.torrefy.export.Export;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Monte Carlo tree search over steps, with PUCT (Silver et al. 2016 and 2017; on texts as in Feng et al. 2023).
///
/// ```
/// while the root is open:
///     until the root has n visits:
///         select    the child of the greatest Q + U, down to a node that was not visited yet, or is over
///         expand    at its second visit: sample steps; equal ones are one child; P is the share of samples it had
///         evaluate  (1 - rollout) * scorer(node) + rollout * scorer(a whole sample from there)
///         back up   visits and values along the way
///     the child with most visits becomes the root, with its subtree
/// ```
///
/// Visits that the new root brings along count, so reuse of the tree saves samples. The answer is the finished draft,
/// of the tree or a rollout, that scored best; a score of 1 ends the search. The budget counts tokens of steps,
/// rollouts and the scorer, and is never exceeded; when it is used up and nothing is finished, the answer is the draft
/// at the root.
///
/// Trees are of one problem each and grow one simulation after the other, so that they depend on nothing but the seed.
/// Speed comes from many problems at a time ([Lockstep]).
///
/// @param n visits of the root before a step is taken
/// @param cPuct weight of exploration; 1.25 is AlphaZero's c_init
/// @param children samples of an expansion
/// @param temperature of steps and rollouts, above 0
/// @param rollout weight of rollouts, 0 for none to 1; 0.5 is AlphaGo's lambda
/// @param budget tokens a problem; 0 for any number
/// @param separator what a step ends at
@Export(value = "posttrain.search.Mcts", since = "0.1")
public record Mcts(
        int n,
        double cPuct,
        int children,
        double temperature,
        double rollout,
        long budget,
        String separator,
        ProcessScorer scorer)
        implements Search {
    public Mcts {
        Sampled.check(n >= 1, "mcts", "n, the root's visits, of at least 1", n);
        Sampled.check(cPuct >= 0 && cPuct < Double.POSITIVE_INFINITY, "mcts", "cPuct of at least 0", cPuct);
        Sampled.check(children >= 1, "mcts", "at least 1 of children", children);
        Sampled.check(rollout >= 0 && rollout <= 1, "mcts", "a weight of rollout from 0 to 1", rollout);
        Sampled.check(budget >= 0, "mcts", "a budget of 0 tokens (any) or more", budget);
        Sampled.check(!separator.isEmpty(), "mcts", "a separator such as newline", "none");
        Sampled.temperature("mcts", temperature);
    }

    /// Monte Carlo tree search over sampled steps: `n` visits before each step, up to `budget` tokens.
    @Export(
            value = "posttrain.search.mcts",
            since = "0.1",
            params = {
                "n=16",
                "cPuct=1.25",
                "children=4",
                "temperature=1",
                "rollout=0.5",
                "budget=2000",
                "separator=newline",
                "scorer"
            })
    public static Mcts of(
            int n,
            double cPuct,
            int children,
            double temperature,
            double rollout,
            long budget,
            String separator,
            ProcessScorer scorer) {
        return new Mcts(n, cPuct, children, temperature, rollout, budget, Searches.separator(separator), scorer);
    }

    @Override
    public boolean asksVerifier() {
        return scorer.asksVerifier();
    }

    @Override
    public void close() {
        scorer.close();
    }

    /// How much a child is worth going to: Q + c P sqrt(N) / (1 + n), the PUCT of AlphaGo Zero.
    ///
    /// @param q the child's mean value
    /// @param prior P, from 0 to 1
    /// @param parentVisits N, the visits of all its parent's children; before the first one it counts as one, so
    ///     that priors decide
    /// @param visits n, of the child
    public static double puct(double q, double prior, long parentVisits, long visits, double cPuct) {
        return q + cPuct * prior * Math.sqrt(Math.max(1, parentVisits)) / (1 + visits);
    }

    /// A draft in the tree.
    private static final class Node {
        final Draft draft;
        final double prior;

        @Nullable
        List<Node> children;

        long visits;
        double total;

        Node(Draft draft, double prior) {
            this.draft = draft;
            this.prior = prior;
        }

        double mean() {
            return visits == 0 ? 0 : total / visits;
        }
    }

    @Override
    public Solution solve(Session session) {
        session.budget(budget);
        return new Tree(session).grow();
    }

    private final class Tree {
        private final Session session;
        private Node root;
        private @Nullable Solution best;

        Tree(Session session) {
            this.session = session;
            root = new Node(session.start(), 1);
        }

        Solution grow() {
            while (root.draft.open() && !over()) {
                while (root.visits < n && !over()) {
                    simulate();
                }
                if (root.children == null || root.children.isEmpty()) {
                    break;
                }
                root = mostVisited(root.children);
                if (root.visits == 0) {
                    break; // the budget ended before anything was known
                }
            }
            return best == null ? new Solution(root.draft, 0) : best;
        }

        /// Whether nothing better can be found, or nothing more.
        private boolean over() {
            return session.left() == 0 || (best != null && best.score() >= 1);
        }

        private void simulate() {
            List<Node> trail = new ArrayList<>(List.of(root));
            Node node = root;
            while (node.draft.open() && (node == root || node.visits > 0)) {
                List<Node> children = children(node);
                if (children.isEmpty()) {
                    break;
                }
                node = select(node, children);
                trail.add(node);
            }
            double value = evaluate(node);
            for (Node seen : trail) {
                seen.visits++;
                seen.total += value;
            }
        }

        private List<Node> children(Node node) {
            List<Node> known = node.children;
            if (known == null) {
                known = expand(node);
                node.children = known;
            }
            return known;
        }

        /// Samples steps. A step that was sampled twice is one child of twice the prior.
        private List<Node> expand(Node node) {
            Map<String, Draft> different = new LinkedHashMap<>();
            Map<String, Integer> counts = new LinkedHashMap<>();
            List<Draft> drafts = new ArrayList<>();
            for (int i = 0; i < children; i++) {
                drafts.add(node.draft);
            }
            int sampled = 0;
            for (Draft draft : session.extend(drafts, temperature, separator)) {
                if (draft.steps() > node.draft.steps()) {
                    String key = draft.end() + draft.text();
                    different.putIfAbsent(key, draft);
                    counts.merge(key, 1, Integer::sum);
                    sampled++;
                }
            }
            List<Node> made = new ArrayList<>();
            for (Map.Entry<String, Draft> one : different.entrySet()) {
                made.add(new Node(one.getValue(), (double) counts.getOrDefault(one.getKey(), 0) / sampled));
            }
            return made;
        }

        /// The child of the greatest PUCT, of equal ones the first. One that was not visited counts as its
        /// parent.
        private Node select(Node parent, List<Node> children) {
            long all = children.stream().mapToLong(child -> child.visits).sum();
            double[] worth = children.stream()
                    .mapToDouble(child -> puct(
                            child.visits == 0 ? parent.mean() : child.mean(), child.prior, all, child.visits, cPuct))
                    .toArray();
            return children.get(Sampled.best(worth));
        }

        private double evaluate(Node node) {
            if (node.visits > 0 && !node.draft.open()) {
                return node.mean();
            }
            if (!node.draft.open()) {
                double score = session.score(scorer, List.of(node.draft))[0];
                found(node.draft, score);
                return score;
            }
            double value = rollout == 1 ? 0 : session.score(scorer, List.of(node.draft))[0];
            if (rollout == 0) {
                return value;
            }
            Draft whole = session.extend(List.of(node.draft), temperature, "").getFirst();
            double outcome = session.score(scorer, List.of(whole))[0];
            found(whole, outcome);
            return (1 - rollout) * value + rollout * outcome;
        }

        private void found(Draft draft, double score) {
            if (!draft.open() && (best == null || score > best.score())) {
                best = new Solution(draft, score);
            }
        }

        private Node mostVisited(List<Node> children) {
            return children.get(Sampled.best(
                    children.stream().mapToDouble(child -> child.visits).toArray()));
        }
    }
}
