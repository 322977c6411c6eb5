using System;
using TreeRl.Tasks;
using Xunit;

namespace TreeRl.Tests.Tasks;

public class ListTasksTests
{
    private static readonly TaskItem First = new("a", "1+1", "2", ""), Second = new("b", "1+2", "3", "easy") { Subject = "sums" };

    [Fact]
    public void Items_come_in_the_order_given()
    {
        var tasks = new ListTasks("mine", [First, Second]);
        Assert.Equal(2, tasks.Count);
        Assert.Equal(Second, tasks.Item(1));
        Assert.Contains("index = 2", Assert.Throws<ArgumentOutOfRangeException>(() => tasks.Item(2)).Message);
    }

    [Fact]
    public void Repeated_ids_and_empty_lists_are_refused()
    {
        Assert.Contains("items[1] has the id \"a\"", Assert.Throws<ArgumentException>(() => new ListTasks("mine", [First, Second with { Id = "a" }])).Message);
        Assert.Contains("no items", Assert.Throws<ArgumentException>(() => new ListTasks("mine", [])).Message);
    }

    [Fact]
    public void More_items_than_there_are_is_refused_with_both_numbers()
    {
        var tasks = new ListTasks("mine", [First]);
        tasks.Need(1, "Items", "plan");
        var thrown = Assert.Throws<ArgumentException>(() => tasks.Need(2, "Items", "plan"));
        Assert.StartsWith("Items = 2: the task source 'mine' has only 1 item; ask for so many or fewer", thrown.Message);
        new ChainTasks(new ChainOptions()).Need(int.MaxValue, "Items", "plan");
    }
}
